/** Codes of errors whose message says it all. */
const plain = new Set(['E_BAD_TASK_TYPE', 'E_BAD_STATE_PATH'])

/** Says on stderr why the server can't start: in one line where the cause is known. */
export async function explain(error: unknown): Promise<void> {
  const line = lineOf(error as NodeJS.ErrnoException & { help?: string; port?: number })
  if (line) return void process.stderr.write(`${line}\n`)
  const { prettyPrintError } = await import('@adonisjs/core')
  await prettyPrintError(error)
}

function lineOf(error: NodeJS.ErrnoException & { help?: string; port?: number }): string | null {
  const code = error?.code ?? ''
  if (code === 'EADDRINUSE') return `Port ${error.port} is taken: set another PORT.`
  if (code === 'EACCES') return `Port ${error.port} may not be used: set a PORT above 1023.`
  if (code === 'E_INVALID_ENV_VARIABLES') return `Bad settings (.env):\n${error.help}`
  if (code.startsWith('SQLITE_')) {
    return `The database SQLITE_PATH=${process.env.SQLITE_PATH} can't be used: ${error.message}.`
  }
  return plain.has(code) ? error.message : null
}
