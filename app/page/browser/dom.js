/** The element with this id. */
export function byId(id) {
  return document.getElementById(id)
}

/** Makes an element; `className` and listeners such as `onclick` are properties, the rest attributes. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (key in element && key.startsWith('on')) element[key] = value
    else if (key === 'className') element.className = value
    else element.setAttribute(key, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

/** Writes only what differs: what is written again costs a layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** For a text that may be cut: whole when it is pointed at. */
export function setTextAndTitle(element, text) {
  if (element.title !== text) element.title = text
  setText(element, text)
}

export function setData(element, key, value) {
  if (element.dataset[key] !== value) element.dataset[key] = value
}

/** 0–100, or `null` for an indeterminate bar. */
export function setBar(bar, value) {
  if (value === null) {
    if (bar.hasAttribute('value')) bar.removeAttribute('value')
  } else if (!bar.hasAttribute('value') || bar.value !== value) bar.value = value
}

let saying

/** Tells screen readers, politely: the last word of a short while. */
export function announce(text) {
  clearTimeout(saying)
  saying = setTimeout(() => setText(byId('announcer'), text), 200)
}

/** Crypto's own is for secure addresses only. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
