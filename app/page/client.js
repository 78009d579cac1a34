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

/**
 * Polling takes over after so many failed streams in a row, or when one says nothing for so many
 * milliseconds at first, until one gets through again.
 */
const TRIES = 3
const FIRST_WORD = 10_000

/** Seconds that a poll asks the server to hold its answer, and milliseconds that show it did. */
const HOLD = 20
const HELD = 1000

const terminal = new Set(['completed', 'failed', 'cancelled'])

/** Full jitter: anything between nothing and the bound, which doubles with every failure. */
function pauseAfter(failures) {
  return Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures)
}

/** Milliseconds after which an answer says to ask again; 0 where it doesn't say. */
function saidPause(answer) {
  return (Number(answer?.headers.get('Retry-After')) || 0) * 1000
}

/** Settles after so many milliseconds, or when the signal is aborted. */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    signal?.addEventListener('abort', wake)
    if (signal?.aborted) wake()
  })
}

/** What a handler throws is reported like any uncaught error, and disturbs nothing. */
function tell(handler, value) {
  try {
    handler(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
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
  #isResting = false
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

  /** How many lines in a row ended without a message. */
  get failures() {
    return this.#failures
  }

  /** Whether the line is down only because nobody sees the tab. */
  get isResting() {
    return this.#isResting
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
      this.#isDown = false
      heard()
      this.dispatchEvent(new Event('open'))
    })
    source.addEventListener('message', ({ data, lastEventId }) => {
      if (source !== this.#source) return
      heard()
      // Not before: a server that has no room, or a proxy that holds back, opens the line as well.
      this.#failures = 0
      this.dispatchEvent(new MessageEvent('message', { data, lastEventId }))
    })
    source.addEventListener('error', () => source === this.#source && this.#lost(source))
  }

  /** Leaves the line to tabs that somebody sees, but looks in now and then. */
  #restWhileHidden() {
    clearTimeout(this.#rest)
    if (!globalThis.document?.hidden) return
    this.#rest = setTimeout(() => {
      if (!this.#source) return
      this.#isResting = true
      this.#drop(this.#source, LOOK_EVERY)
    }, HIDDEN_FOR)
  }

  /** Comes back after a pause of our own. */
  #lost(source) {
    this.#isResting = false
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
export function watchTask(
  url,
  { onSnapshot, onState = () => {}, fetch = globalThis.fetch, ...line }
) {
  let version = -1
  let state
  let polling
  let source
  let waiting
  let isClosed = false

  const say = (next) => {
    if (next !== state) tell(onState, (state = next))
  }
  /** Gives whether it is news. */
  const take = (snapshot) => {
    say('live')
    if (isClosed || snapshot.version <= version) return false
    version = snapshot.version
    tell(onSnapshot, snapshot)
    if (terminal.has(snapshot.status)) close()
    return true
  }
  const close = () => {
    isClosed = true
    source?.close()
    stopPolling()
  }

  const stopPolling = () => {
    clearTimeout(waiting)
    polling?.abort()
    polling = undefined
  }
  const startPolling = () => {
    if (polling || isClosed) return
    polling = new AbortController()
    void poll(polling.signal)
  }
  const poll = async (signal) => {
    let etag
    for (let failures = 0, idle = 0; !signal.aborted;) {
      const since = performance.now()
      let answer
      try {
        // The first time what there is, then what is newer.
        const headers = etag ? { 'Prefer': `wait=${HOLD}`, 'If-None-Match': etag } : {}
        answer = await fetch(`${url}/progress`, { headers, signal })
        const { status } = answer
        if (status !== 200 && status !== 304) throw new Error(`Status ${status}`)
        etag = answer.headers.get('ETag')
        const isNews = status === 200 && take(await answer.json())
        if (!isNews) say('live')
        failures = 0
        // Who answers at once that there is nothing new does not hold answers, or no longer.
        if (isNews || performance.now() - since >= HELD) idle = 0
        else await sleep(saidPause(answer) || FIRST_PAUSE + pauseAfter(idle++), signal)
      } catch {
        if (signal.aborted) return
        say('stale')
        await sleep(saidPause(answer) + pauseAfter(failures++), signal)
      }
    }
  }

  say('catching-up')
  if (!(line.EventSource ?? globalThis.EventSource)) {
    startPolling()
    return { close }
  }
  const awaitWord = () => {
    clearTimeout(waiting)
    waiting = setTimeout(startPolling, FIRST_WORD)
  }
  const lost = () => {
    clearTimeout(waiting)
    if (!polling) say('stale')
    if (source.failures >= TRIES) startPolling()
  }
  awaitWord()
  source = new ResilientEventSource(`${url}/events`, line)
  source.addEventListener('open', () => {
    awaitWord()
    if (!polling) say('catching-up')
  })
  source.addEventListener('message', ({ data }) => {
    stopPolling()
    take(JSON.parse(data))
  })
  source.addEventListener('error', lost)
  source.addEventListener('retry', lost)
  return { close }
}

/**
 * Creates a subscription of `@adonisjs/transmit-client`, whose own `create()` gives up at the first
 * failure without a word: asks again, with growing pauses, until the server has it. Settles then, or
 * when the signal is aborted. What comes over it is for handlers that were added before.
 */
export async function subscribe(subscription, { signal } = {}) {
  let leave
  const aborted = new Promise((resolve) => (leave = resolve))
  signal?.addEventListener('abort', leave)
  for (let failures = 0; !signal?.aborted; failures++) {
    // Without a line it is pending.
    await Promise.race([subscription.create(), aborted])
    if (subscription.isCreated || subscription.isDeleted) break
    await sleep(pauseAfter(failures), signal)
  }
  signal?.removeEventListener('abort', leave)
}
