/*
| Calls between two processes over Node's IPC channel: `calling(child)` in the parent gives a
| function, `answering({…})` in the child names what it can do.
*/

let last = 0

/** Gives `(name, ...args) => Promise`. What the child throws, and its end, reject the call. */
export function calling(child) {
  const open = new Map()
  child.on('message', ({ call, value, error }) => {
    const waiting = open.get(call)
    if (!waiting) return
    open.delete(call)
    if (error === undefined) waiting.resolve(value)
    else waiting.reject(new Error(error))
  })
  const gone = () => new Error(`${child.spawnargs.at(-1)} is gone`)
  child.on('exit', () => {
    for (const { reject } of open.values()) reject(gone())
    open.clear()
  })
  return (name, ...args) =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(gone())
      const call = ++last
      open.set(call, { resolve, reject })
      child.send({ call, name, args }, (error) => error && reject(gone()))
    })
}

/** Answers the calls of the parent process. */
export function answering(functions) {
  process.on('message', async ({ call, name, args }) => {
    if (!functions[name]) return
    try {
      process.send({ call, value: await functions[name](...args) })
    } catch (error) {
      process.send({
        call,
        error: `${error.stack}${error.cause ? `, since ${error.cause.stack}` : ''}`,
      })
    }
  })
}
