/*
| The load: a process that watches a server over raw sockets and counts the frames it gets, and
| that asks it over and over.
*/

import net from 'node:net'
import { hammer } from '#lib/http_load'
import { answering } from '#lib/calls'
import { setTimeout as delay } from 'node:timers/promises'

/** Found once in each frame, however the server cuts and frames what it sends. */
const MARK = Buffer.from('"version":')
const sockets = new Map()
let frames = 0
let retries = 0
/**
 * Milliseconds from report to frame, where the message carries the time of the report. A frame that
 * comes again, as a server may repeat the newest for whoever missed it, is no late report.
 */
let latencies = null

answering({
  /**
   * Opens streams, `[{uid, channel}]`. Two steps as Transmit's client takes them, or one request.
   * Done when all have their head and are subscribed.
   */
  async watch(server, watchers, concurrency = 64) {
    await each(watchers, concurrency, async ({ uid, channel }) => {
      await persist(() => open(server, uid, channel))
      if (server.twoSteps) await persist(() => subscribe(server, uid, channel))
    })
  },

  async subscribe(server, watchers) {
    await each(watchers, 64, ({ uid, channel }) => subscribe(server, uid, channel))
  },

  /** Cuts all connections at once. */
  cut() {
    for (const socket of sockets.values()) socket.resetAndDestroy()
    sockets.clear()
  },

  /** Posts JSON bodies, spread over `milliseconds`. */
  async post(url, bodies, milliseconds = 0) {
    const since = performance.now()
    let begun = 0
    await each(bodies, 64, async (body) => {
      const wait = (begun++ / bodies.length) * milliseconds - (performance.now() - since)
      if (wait > 1) await delay(wait)
      await post(url, body)
    })
  },

  /** `retries`: attempts to watch that failed, and were made again. */
  count: () => ({ frames, open: sockets.size, retries }),

  timeFrames() {
    latencies = []
  },

  latencies() {
    const taken = latencies.sort((a, b) => a - b)
    latencies = null
    const at = (share) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))]
    return { frames: taken.length, p50: at(0.5), p99: at(0.99) }
  },

  hammer,
})
process.send('ready')

/**
 * Tries again like a browser: the kernel resets connections while its backlog is full, and a server
 * closes an idle one just as it is used again.
 */
async function persist(work) {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 50) throw error
      retries++
      await delay(100)
    }
  }
}

function open(server, uid, channel) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1')
    const path = server.twoSteps ? `/__transmit/events?uid=${uid}` : `/events/${channel}`
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`)
    socket.once('data', (head) => {
      if (!head.toString('latin1', 0, 12).endsWith(' 200')) return reject(new Error(String(head)))
      sockets.set(uid, socket)
      resolve()
    })
    let rest = null
    let reported = null
    socket.on('data', (chunk) => {
      const data = rest ? Buffer.concat([rest, chunk]) : chunk
      let from = 0
      for (let at = data.indexOf(MARK); at !== -1; at = data.indexOf(MARK, from)) {
        frames++
        if (latencies) reported = time(data.toString('latin1', from, at), reported)
        from = at + MARK.length
      }
      // A frame ends with a line end, so that nothing can be torn there.
      rest = data.at(-1) === 10 ? null : data.subarray(Math.max(from, data.length - 2048))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      if (sockets.get(uid) === socket) sockets.delete(uid)
    })
  })
}

/** Notes how old the report in a frame is, unless it is the one before. Gives which it is. */
function time(text, before) {
  const at = /@(\d+)@/.exec(text)?.[1] ?? before
  if (at !== before) latencies.push(Number(process.hrtime.bigint() - BigInt(at)) / 1e6)
  return at
}

async function subscribe(server, uid, channel) {
  await post(`http://127.0.0.1:${server.port}/__transmit/subscribe`, { uid, channel })
}

async function post(url, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
}

async function each(list, concurrency, work) {
  const items = list[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const item of items) await work(item)
    })
  )
}
