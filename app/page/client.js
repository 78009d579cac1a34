/**
 * Headway's browser helper: one file, no dependencies, never required. Whatever it does can be done
 * with `EventSource` and `fetch` alone; this adds what those lack: it survives a 502 and long
 * outages, notices a dead line, never shows anything older than what it has, polls where streams
 * don't get through, and says how fresh its word is.
 */

/** Milliseconds: the first pause before reconnecting is at most this, doubled up to the longest. */
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 30_000

/** Milliseconds without a word after which a line counts as dead: the server repeats every 15 s. */
const SILENCE = 40_000

/**
 * Milliseconds after which a tab that nobody sees gives up its line, since HTTP/1.1 has six for all
 * tabs of a site, and those after which it takes a look again.
 */
const HIDDEN_FOR = 5000
const LOOK_EVERY = 20_000

/** Failed streams in a row after which polling takes over until one gets through again. */
const TRIES = 3

/** Seconds that a poll asks the server to hold its answer. */
const HOLD = 20

const terminal = new Set(['completed', 'failed', 'cancelled'])

/** Full jitter: anything between nothing and the bound, which doubles with every failure. */
function pauseAfter(failures) {
  return Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures)
}

/**
 * An EventSource that comes back from what kills the browser's own: any answer but 200, and a line
 * that died without a word. For the `eventSourceFactory` option of `@adonisjs/transmit-client`,
 * whose attempts it doesn't use up: an outage is told once.
 */
export class ResilientEventSource extends EventTarget {
  #url
  #options
  #source
  #timer
  #rest
  #failures = 0
  #isDown = false
  #isLive = new AbortController()

  constructor(url, options = {}) {
    super()
    this.#url = String(url)
    this.#options = options
    // What the browser knows of the network: a line may look open for long after it is gone.
    const { signal } = this.#isLive
    globalThis.addEventListener?.('offline', () => this.#source && this.#lost(this.#source), {
      signal,
    })
    globalThis.addEventListener?.('online', () => this.#source ?? this.#connect(), { signal })
    globalThis.document?.addEventListener(
      'visibilitychange',
      () => {
        this.#restWhileHidden()
        if (!document.hidden) this.#source ?? this.#connect()
      },
      { signal }
    )
    this.#connect()
  }

  get url() {
    return this.#url
  }

  /** 0 while it connects, 1 when it is open, 2 when it was closed. */
  get readyState() {
    return this.#source === null ? 2 : (this.#source?.readyState ?? 0) === 1 ? 1 : 0
  }

  /** How many times in a row it has failed. */
  get failures() {
    return this.#failures
  }

  close() {
    this.#isLive.abort()
    clearTimeout(this.#timer)
    clearTimeout(this.#rest)
    this.#source?.close()
    this.#source = null
  }

  #connect() {
    clearTimeout(this.#timer)
    const { EventSource = globalThis.EventSource, silence = SILENCE, ...init } = this.#options
    const source = new EventSource(this.#url, init)
    this.#source = source
    const heard = () => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#lost(source), silence)
    }
    heard()
    source.addEventListener('open', () => {
      if (source !== this.#source) return
      this.#restWhileHidden()
      this.#failures = 0
      this.#isDown = false
      heard()
      this.dispatchEvent(new Event('open'))
    })
    source.addEventListener('message', ({ data, lastEventId }) => {
      if (source !== this.#source) return
      heard()
      this.dispatchEvent(new MessageEvent('message', { data, lastEventId }))
    })
    source.addEventListener('error', () => source === this.#source && this.#lost(source))
  }

  /** Leaves the line to tabs that somebody sees, but looks in now and then. */
  #restWhileHidden() {
    clearTimeout(this.#rest)
    if (!globalThis.document?.hidden) return
    this.#rest = setTimeout(() => this.#source && this.#drop(this.#source, LOOK_EVERY), HIDDEN_FOR)
  }

  /** Comes back after a pause of our own. */
  #lost(source) {
    this.#drop(source, pauseAfter(this.#failures++))
  }

  /** Drops the source, whatever state it is in, for so many milliseconds. */
  #drop(source, pause) {
    source.close()
    clearTimeout(this.#timer)
    this.#source = undefined
    this.#timer = setTimeout(() => this.#connect(), pause)
    if (this.#isDown) {
      this.dispatchEvent(new Event('retry'))
      return
    }
    this.#isDown = true
    this.dispatchEvent(new Event('error'))
  }
}

/**
 * Watches one task to its end.
 *
 * `onSnapshot` gets each newer snapshot, never an older one. `onState` hears `catching-up` (connecting,
 * nothing heard since), `live`, or `stale` (the line is down: what is shown may be old).
 */
export function watchTask(url, { onSnapshot, onState = () => {}, ...options }) {
  const { fetch = globalThis.fetch } = options
  let version = -1
  let state
  let polling
  let source

  const say = (next) => {
    if (next !== state) onState((state = next))
  }
  const take = (snapshot) => {
    say('live')
    if (snapshot.version <= version) return
    version = snapshot.version
    onSnapshot(snapshot)
    if (terminal.has(snapshot.status)) close()
  }
  const close = () => {
    source?.close()
    polling?.abort()
    polling = undefined
  }

  const stopPolling = () => {
    polling?.abort()
    polling = undefined
  }
  const startPolling = () => {
    if (polling) return
    polling = new AbortController()
    void poll(polling.signal)
  }
  const poll = async (signal) => {
    let etag
    for (let failures = 0; !signal.aborted;) {
      try {
        // The first time what there is, then what is newer.
        const headers = etag ? { 'Prefer': `wait=${HOLD}`, 'If-None-Match': etag } : {}
        const answer = await fetch(`${url}/progress`, { headers, signal })
        etag = answer.headers.get('ETag')
        if (answer.status === 200) take(await answer.json())
        else if (answer.status !== 304) throw new Error(`Status ${answer.status}`)
        else say('live')
        failures = 0
      } catch {
        if (signal.aborted) return
        say('stale')
        await new Promise((resolve) => setTimeout(resolve, pauseAfter(failures++)))
      }
    }
  }

  say('catching-up')
  const hasStreams = options.EventSource ?? globalThis.EventSource
  if (!hasStreams) {
    startPolling()
    return { close }
  }
  const lost = () => {
    if (!polling) say('stale')
    if (source.failures >= TRIES) startPolling()
  }
  source = new ResilientEventSource(`${url}/events`, options)
  source.addEventListener('open', () => {
    stopPolling()
    say('catching-up')
  })
  source.addEventListener('message', ({ data }) => take(JSON.parse(data)))
  source.addEventListener('error', lost)
  source.addEventListener('retry', lost)
  return { close }
}
