/*
| Loaded into a server under test (NODE_OPTIONS=--import): answers its parent process with the bytes
| that are left on the heap and in buffers after a collection.
*/

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('message', (message) => {
  if (message !== 'heap?') return
  collect()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ answer: { heap: heapUsed, external } })
})
process.channel?.unref()
