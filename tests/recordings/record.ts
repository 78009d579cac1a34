/*
| Records real runs of the real task types on a real server: see README.md in this folder.
| node --import=@poppinss/ts-exec tests/recordings/record.ts [type] [load]
*/

import { writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Snapshot } from '#engine/snapshot'
import { startImport } from '#tests/helpers/import_file'
import { ServerProcess } from '#tests/helpers/server_process'
import { csvOf, LOADS, Rivals, type Load } from '#tests/recordings/load'

const RUNS = 5
/** Of imports under bursty load, which differ most. */
const MORE_RUNS = 10
/** Bytes of a typical file. */
const SIZES = { steady: 70e6, slowing: 35e6, bursty: 140e6 }
const KEPT = 200
const [onlyType, onlyLoad] = process.argv.slice(2)

for (const type of ['import-csv', 'simulate']) {
  for (const load of LOADS) {
    if ((onlyType && onlyType !== type) || (onlyLoad && onlyLoad !== load)) continue
    const runs = type === 'import-csv' && load === 'bursty' ? MORE_RUNS : RUNS
    const server = await ServerProcess.start({ MAX_UPLOAD: '2gb' })
    try {
      for (let run = 1; run <= runs; run++) await record(server, type, load, run)
    } finally {
      await server.dispose()
    }
  }
}

async function record(server: ServerProcess, type: string, load: Load, run: number): Promise<void> {
  const { id, size } = await start(server.url, type, load)
  const rivals = new Rivals(server.url)
  const control = new AbortController()
  const pressure = press(server.url, id, load, rivals, control.signal)
  const snapshots = await watch(server.url, id)
  control.abort()
  await pressure
  await rivals.removeAll()

  const last = snapshots.at(-1)
  if (last?.status !== 'completed') throw new Error(`${type} ended as ${last?.status}`)
  const at = (time: string | null) => Date.parse(time ?? '') - Date.parse(last.startedAt ?? '')
  const samples = snapshots
    .filter(({ status, startedAt }) => status === 'processing' && startedAt)
    .map(({ updatedAt, progress, current, total }) => [at(updatedAt), progress, current, total])
  const thinned = thin(samples)
  const duration = at(last.finishedAt)
  const lines = thinned.map((sample) => JSON.stringify(sample)).join(',\n')
  const head = JSON.stringify({ type, load, size, duration }).slice(0, -1)
  await writeFile(
    new URL(`runs/${type}-${load}-${run}.json`, import.meta.url),
    `${head},"samples":[\n${lines}\n]}\n`
  )
  process.stdout.write(`${type} ${load} ${run}: ${duration} ms, ${thinned.length} samples\n`)
}

/** Sizes differ from run to run, as they do in life. */
async function start(url: string, type: string, load: Load): Promise<{ id: string; size: number }> {
  const factor = 0.6 + Math.random() * 0.8
  if (type === 'import-csv') {
    const content = csvOf(load, Math.round(factor * SIZES[load]))
    const { id } = await startImport(url, content)
    return { id, size: content.length }
  }
  const steps = Math.round(factor * 4500)
  const answer = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type, input: { steps, stepMs: 1 } }),
  })
  const { id } = (await answer.json()) as Snapshot
  return { id, size: steps }
}

/** Lets rivals come as the load says, until the run is over. */
async function press(
  url: string,
  id: string,
  load: Load,
  rivals: Rivals,
  over: AbortSignal
): Promise<void> {
  const most = 2 + Math.round(Math.random() * 2)
  const pause = () => setTimeout(400 + Math.random() * 1200)
  while (!over.aborted && load !== 'steady') {
    if (load === 'slowing') {
      const answer = await fetch(`${url}/tasks/${id}`)
      const { progress } = (await answer.json()) as Snapshot
      const wanted = Math.floor(((progress ?? 0) / 100) * (most + 1))
      if (rivals.count < wanted) await rivals.add()
      await setTimeout(50)
    } else {
      await pause()
      if (over.aborted) return
      for (let count = Math.ceil(Math.random() * 3); count > 0; count--) await rivals.add()
      await pause()
      await rivals.removeAll()
    }
  }
}

async function watch(url: string, id: string): Promise<Snapshot[]> {
  const answer = await fetch(`${url}/tasks/${id}/events`)
  const text = await answer.text()
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as Snapshot)
}

/** Evenly, with the first and the last. */
function thin<T>(samples: readonly T[]): T[] {
  const step = Math.max(1, samples.length / KEPT)
  const kept: T[] = []
  for (let at = 0; at < samples.length - 1; at += step) kept.push(samples[Math.floor(at)] as T)
  return [...kept, samples.at(-1) as T]
}
