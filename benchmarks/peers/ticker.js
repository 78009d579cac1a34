import { answering } from '#lib/calls'

/**
 * Calls `send` for each channel every so many milliseconds while the bench says so, spread evenly
 * over that time.
 */
export function ticking(send) {
  const timers = new Map()
  const stop = () => {
    for (const timer of timers.values()) clearInterval(timer)
    timers.clear()
  }
  answering({
    begin(channels, every) {
      stop()
      channels.forEach((channel, index) => {
        const first = setTimeout(
          () => {
            send(channel)
            timers.set(channel, setInterval(send, every, channel))
          },
          (index / channels.length) * every
        )
        timers.set(channel, first)
      })
    },
    end: stop,
  })
}
