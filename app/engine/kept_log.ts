import { format, inspect } from 'node:util'
import type { LogLevel } from '#engine/run_log'
import type { Logger } from '@adonisjs/core/logger'

const levels: readonly LogLevel[] = ['info', 'warn', 'error', 'fatal']

/** Instead of a line whose values throw when they are read. */
const UNREADABLE = 'a log line could not be read'

/**
 * Has a logger hand over the text of each line that it writes, whatever its own level; what else
 * the line carries, such as a stack, is for the server's log alone. `trace` and `debug` aren't kept.
 * A line that can't be written throws nothing, whatever is in it.
 */
export function keepLines(logger: Logger, keep: (level: LogLevel, text: string) => void): Logger {
  for (const level of levels) {
    const write = logger[level].bind(logger) as (...line: unknown[]) => void
    logger[level] = (...line: unknown[]) => {
      try {
        write(...line)
        keep(level, textOf(line))
      } catch (error) {
        write({ err: error }, UNREADABLE)
        keep(level, UNREADABLE)
      }
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
  return typeof text === 'string' ? text : json(first)
}

/** What JSON has not, as Node's console has it. */
function json(value: unknown): string {
  try {
    return format('%j', value)
  } catch {
    return inspect(value)
  }
}
