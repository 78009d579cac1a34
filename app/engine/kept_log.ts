import { format } from 'node:util'
import type { LogLevel } from '#engine/run_log'
import type { Logger } from '@adonisjs/core/logger'

const levels: readonly LogLevel[] = ['info', 'warn', 'error', 'fatal']

/**
 * Has a logger hand over the text of each line that it writes, whatever its own level; what else
 * the line carries, such as a stack, is for the server's log alone. `trace` and `debug` aren't kept.
 */
export function keepLines(logger: Logger, keep: (level: LogLevel, text: string) => void): Logger {
  for (const level of levels) {
    const write = logger[level].bind(logger) as (...line: unknown[]) => void
    logger[level] = (...line: unknown[]) => {
      write(...line)
      keep(level, textOf(line))
    }
  }
  return logger
}

/** As the server's log has it: a text with values for its gaps, behind an object or not. */
function textOf([first, ...rest]: unknown[]): string {
  if (typeof first === 'string') return format(first, ...rest)
  if (typeof rest[0] === 'string') return format(...rest)
  const { message, err } = (first ?? {}) as { message?: unknown; err?: { message?: unknown } }
  const text = message ?? err?.message
  return typeof text === 'string' ? text : format('%j', first)
}
