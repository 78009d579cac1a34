/**
 * Stops `performance.now` for this test, and gives the way to let milliseconds pass. Begins with a
 * whole one, so that they add up exactly.
 */
export function ownTime(cleanup: (handler: () => void) => void): (milliseconds: number) => void {
  const { now } = performance
  cleanup(() => void (performance.now = now))
  let time = Math.ceil(now.call(performance))
  performance.now = () => time
  return (milliseconds) => void (time += milliseconds)
}
