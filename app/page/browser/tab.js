const link = document.querySelector('link[rel=icon]')
const colors = { failed: '#d03b3b', completed: '#1f8a4c', cancelled: '#7a8494', stale: '#7a8494' }
let shown

/**
 * Shows progress (0–100, or `null`) and state in the title and the icon of the tab, and whether they
 * may be old.
 */
export function showTab(title, progress, status, { isStale }) {
  const text = `${isStale ? 'stale: ' : ''}${title} · Headway`
  if (document.title !== text) document.title = text
  const percent = progress === null ? null : Math.floor(progress)
  const look = isStale ? 'stale' : status
  const icon = `${percent} ${look}`
  if (icon === shown) return
  shown = icon
  link.href = `data:image/svg+xml,${encodeURIComponent(ring(percent, look))}`
}

/** A ring that fills. */
function ring(percent, status) {
  const color = colors[status] ?? '#2f5fe0'
  const part = (percent ?? 25) * 0.377
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="none" stroke-width="3.5"><circle cx="8" cy="8" r="6" stroke="#8a94a4" stroke-opacity=".4"/><circle cx="8" cy="8" r="6" stroke="${color}" stroke-dasharray="${part} 99" transform="rotate(-90 8 8)"/></g></svg>`
}
