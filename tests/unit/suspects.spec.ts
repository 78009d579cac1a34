import { test } from '@japa/runner'
import db from '@adonisjs/lucid/services/db'
import { ALONE_FOR, SUSPECT_AFTER } from '#engine/poison'
import { setTimeout } from 'node:timers/promises'
import { Patient, startScript, theEngine } from '#tests/helpers/scripted'
import { deferred, endOf, until } from '#tests/helpers/waiting'

/** As many as there are slots, each with the way to end it. */
const SLOTS = 10

async function statusOf(id: string): Promise<string | undefined> {
  return (await (await theEngine()).cutOf(id))?.snapshot.status
}

async function attemptOf(id: string): Promise<number | undefined> {
  return (await (await theEngine()).cutOf(id))?.snapshot.attempt
}

async function fillSlots() {
  const blockers = []
  for (let slot = 0; slot < SLOTS; slot++) {
    const held = deferred()
    blockers.push({ id: await startScript(() => held.promise), end: held.resolve })
  }
  for (const { id } of blockers) await until(async () => (await statusOf(id)) === 'processing')
  return blockers
}

/** Makes a waiting task look as recovery leaves it, so many milliseconds after two crashes. */
async function suspect(id: string, { since }: { since: number }): Promise<void> {
  const updated = new Date(Date.now() - since).toISOString()
  await db.from('tasks').where('id', id).update({
    interruptions: SUSPECT_AFTER,
    updated_at: updated,
  })
}

test.group('A task that two crashes interrupted', () => {
  test('lets others pass while it waits to be alone', async ({ assert }) => {
    const [first, ...others] = await fillSlots()
    const blamed = await startScript(async () => 'alone')
    await suspect(blamed, { since: 0 })
    const fresh = await startScript(async () => 'passed')
    first.end()
    assert.equal((await endOf(fresh)).snapshot.result, 'passed')
    assert.equal(await statusOf(blamed), 'queued')
    for (const { end } of others) end()
    assert.equal((await endOf(blamed)).snapshot.result, 'alone')
  })

  test('is not looked for again and again while it waits with its retry due', async ({
    assert,
    cleanup,
  }) => {
    const [blocker, ...others] = await fillSlots()
    const fail = () => Promise.reject(new Error('later'))
    for (const { end } of others) end()
    const blamed = await startScript(fail, undefined, Patient)
    await until(
      async () => (await statusOf(blamed)) === 'queued' && (await attemptOf(blamed)) === 1
    )
    await suspect(blamed, { since: 0 })
    await db
      .from('tasks')
      .where('id', blamed)
      .update({ next_attempt_at: '2000-01-01T00:00:00.000Z' })

    let looks = 0
    const client = db.connection().getWriteClient()
    const note = ({ sql }: { sql: string }) => (looks += sql.includes('next_attempt_at <=') ? 1 : 0)
    client.on('query', note)
    cleanup(() => void client.off('query', note))
    await endOf(await startScript(async () => {}))
    await setTimeout(300)
    assert.isBelow(looks, 10)
    assert.equal(await statusOf(blamed), 'queued')
    blocker.end()
    assert.equal((await endOf(blamed)).snapshot.attempt, 2)
  })

  test('runs beside others when they take too long, but not beside another such task', async ({
    assert,
  }) => {
    const [first, second, ...others] = await fillSlots()
    const held = deferred()
    const blamed = await startScript(() => held.promise)
    const alsoBlamed = await startScript(async () => 'later')
    for (const id of [blamed, alsoBlamed]) await suspect(id, { since: ALONE_FOR + 1 })
    first.end()
    await until(async () => (await statusOf(blamed)) === 'processing')
    second.end()
    await endOf(second.id)
    const fresh = await startScript(async () => 'held back')
    assert.equal(await statusOf(alsoBlamed), 'queued')
    assert.equal(await statusOf(fresh), 'queued')
    held.resolve()
    assert.equal((await endOf(alsoBlamed)).snapshot.result, 'later')
    assert.equal((await endOf(fresh)).snapshot.result, 'held back')
    for (const { end } of others) end()
  })
})
