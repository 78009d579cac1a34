import { test } from '@japa/runner'
import { Writable } from 'node:stream'
import { keepLines } from '#engine/kept_log'
import { Logger } from '@adonisjs/core/logger'

test.group('A log whose lines are kept', () => {
  test('tells in the server log, too, that a line could not be read', ({ assert }) => {
    const written: string[] = []
    const destination = new Writable({
      write(chunk, _, done) {
        written.push(JSON.parse(String(chunk)).msg)
        done()
      },
    })
    const kept: string[] = []
    const logger = keepLines(
      new Logger({ enabled: true, level: 'info', destination }),
      (level, text) => {
        kept.push(`${level} ${text}`)
      }
    )
    const unreadable = {
      get rows(): number {
        throw new Error('No rows')
      },
    }
    logger.warn(unreadable, 'with a text')
    logger.warn({ rows: 10n }, 'with a large number')
    assert.deepEqual(written, ['a log line could not be read', 'with a large number'])
    assert.deepEqual(kept, ['warn a log line could not be read', 'warn with a large number'])
  })
})
