import { uuid } from './dom.js'
import { ResilientEventSource } from './client.js'
import { Transmit } from './transmit-client.js'

/** Milliseconds until a subscription that nothing answered is asked for again; doubled each time. */
const PATIENCE = 2000
const LONGEST_PATIENCE = 30_000

/**
 * Watches a channel through the unmodified Transmit client, for as long as the page is there or
 * until it is closed. Every outage heals: the source comes back by itself, and a subscription that
 * got lost on the way is asked for again.
 *
 * `onMessage` gets each payload; `onState` hears `catching-up` (connected, nothing heard since),
 * `live`, `resting` (nobody sees the tab, and its line is left to others), or `stale`, with the moment
 * (ms) of the last word.
 */
export function watchChannel(channel, { onMessage, onState }) {
  let state
  let heardAt = Date.now()
  let timer
  const say = (next) => {
    if (next === state) return
    state = next
    onState(next, heardAt)
  }

  const transmit = new Transmit({
    baseUrl: location.origin,
    maxReconnectAttempts: 0,
    uidGenerator: uuid,
    eventSourceFactory: (url, options) => {
      const source = new ResilientEventSource(url, options)
      const lost = () => {
        clearTimeout(timer)
        say(source.isResting ? 'resting' : 'stale')
      }
      source.addEventListener('error', lost)
      source.addEventListener('retry', lost)
      return source
    },
  })
  const subscription = transmit.subscription(channel)
  subscription.onMessage((message) => {
    clearTimeout(timer)
    heardAt = Date.now()
    onMessage(message)
    say('live')
  })
  const ask = (patience) => {
    timer = setTimeout(() => {
      void subscription.forceCreate()
      ask(Math.min(LONGEST_PATIENCE, patience * 2))
    }, patience)
  }
  transmit.on('connected', () => {
    say('catching-up')
    if (!subscription.isCreated) void subscription.forceCreate()
    clearTimeout(timer)
    ask(PATIENCE)
  })

  say('catching-up')
  return {
    close() {
      clearTimeout(timer)
      transmit.close()
    },
  }
}
