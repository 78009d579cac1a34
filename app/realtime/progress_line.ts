import type { Snapshot } from '#engine/snapshot'

/** Characters. */
const BAR = 14

/**
 * A task in one line: `import-csv  42% ██████░░░░░░░░ 420,000/1,000,000 rows  12 s left`; without a
 * total the count and the rate. Holds no control characters.
 */
export function progressLine(task: Snapshot): string {
  const parts = [[task.type, bar(task), count(task)].filter(Boolean).join(' '), state(task)]
  // eslint-disable-next-line no-control-regex
  return parts.join('  ').replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, ' ')
}

function bar({ progress }: Snapshot): string {
  if (progress === null) return ''
  const done = Math.floor((progress / 100) * BAR)
  const percent = `${Math.floor(progress)}%`.padStart(4)
  return `${percent} ${'█'.repeat(done)}${'░'.repeat(BAR - done)}`
}

function count({ current, total, unit }: Snapshot): string {
  if (current === null) return ''
  const counted = total === null ? number(current) : `${number(current)}/${number(total)}`
  return unit ? `${counted} ${unit}` : counted
}

/** What there is to say behind the figures. */
function state(task: Snapshot): string {
  if (task.status === 'failed') return `failed: ${task.error?.message ?? ''}`
  if (task.status === 'completed') return `completed in ${time(seconds(task))}`
  if (task.status === 'cancelled' || task.status === 'queued') return task.status
  if (task.cancelRequestedAt !== null) return 'stopping'
  const left = task.etaSeconds === null ? '' : `${time(task.etaSeconds)} left`
  const speed = task.rate === null ? '' : `${number(task.rate)} ${task.unit ?? ''}/s`
  const said = task.current === null ? task.message : null
  return [said, task.total === null ? speed : '', left].filter(Boolean).join('  ')
}

function seconds({ startedAt, createdAt, finishedAt, updatedAt }: Snapshot): number {
  return (Date.parse(finishedAt ?? updatedAt) - Date.parse(startedAt ?? createdAt)) / 1000
}

function time(total: number): string {
  const whole = Math.round(total)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 })
}
