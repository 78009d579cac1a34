interface StartError extends NodeJS.ErrnoException {
  readonly help?: string
  readonly port?: number
  readonly address?: string
}

/** Codes of errors whose message says it all. */
const plain = new Set(['E_BAD_TASK_TYPE', 'E_BAD_STATE_PATH', 'E_BAD_ENV_FILE'])

/** Says on stderr why the server can't start: in one line where the cause is known. */
export async function explain(error: unknown): Promise<void> {
  const line = lineOf(error as StartError)
  if (line) return void process.stderr.write(`${line}\n`)
  const { prettyPrintError } = await import('@adonisjs/core')
  await prettyPrintError(error)
}

function lineOf(error: StartError): string | null {
  const code = error?.code ?? ''
  if (code === 'EADDRINUSE') return `Port ${error.port} is taken: set another PORT.`
  if (error?.syscall === 'listen' || error?.syscall === 'getaddrinfo') {
    return `The server can't listen (HOST, PORT): ${error.message}.`
  }
  if (code === 'E_INVALID_ENV_VARIABLES')
    return error.help?.replace(/^- /gm, 'Bad setting: ') ?? null
  if (code.startsWith('SQLITE_')) {
    return `The database SQLITE_PATH=${process.env.SQLITE_PATH} can't be used: ${error.message}.`
  }
  if (error?.syscall && error.path) return `The state can't be kept: ${error.message}.`
  return plain.has(code) ? error.message : null
}
