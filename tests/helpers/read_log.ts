/*
| Loaded into a server under test: writes down what is read of uploaded files, one line a read, as
| the process id, the number of bytes and the path. What is written survives SIGKILL.
*/

import { appendFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const log = process.env.READ_LOG ?? ''
const { open } = files

files.open = async (path, ...rest) => {
  const file = await open(path, ...rest)
  if (!String(path).includes('/uploads/')) return file
  const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number }>
  const noted = async (...args: unknown[]) => {
    const answer = await read(...args)
    appendFileSync(log, `${process.pid} ${answer.bytesRead} ${path}\n`)
    return answer
  }
  return Object.assign(file, { read: noted })
}
syncBuiltinESMExports()
