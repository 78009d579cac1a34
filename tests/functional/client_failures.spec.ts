import { test } from '@japa/runner'
import { getEventListeners } from 'node:events'
import { EventSource } from 'eventsource'
import { Proxy } from '#tests/helpers/proxy'
import { OneRequest } from '#tests/helpers/one_request'
import { start } from '#tests/helpers/remote'
import { fakeSources } from '#tests/helpers/fake_source'
import { ServerProcess } from '#tests/helpers/server_process'
import { startScript } from '#tests/helpers/scripted'
import { NaiveClient } from '#tests/helpers/transmit_client'
import { deferred, turns, until } from '#tests/helpers/waiting'
import { setTimeout } from 'node:timers/promises'
import {
  ResilientEventSource,
  subscribe,
  watchTask,
  type Freshness,
  type Snapshot,
} from '../../app/page/client.js'

const base = () => `http://${process.env.HOST}:${process.env.PORT}`

test.group('A line that opens and says nothing', () => {
  test('counts as failed: a server without room is asked less often, and polling takes over', async ({
    assert,
    cleanup,
  }) => {
    const server = await ServerProcess.start({ MAX_STREAMS: '1' })
    const proxy = await Proxy.start(server.url)
    const { id } = await start(server.url, { steps: 10_000, stepMs: 20 })
    const only = await OneRequest.open(`${server.url}/tasks/${id}/events`)
    cleanup(async () => {
      only.close()
      proxy.close()
      await server.dispose()
    })
    const seen: Snapshot[] = []
    const states: Freshness[] = []
    const watch = watchTask(`${proxy.url}/tasks/${id}`, {
      EventSource,
      onSnapshot: (snapshot) => seen.push(snapshot),
      onState: (state) => states.push(state),
    })
    cleanup(() => watch.close())
    await Promise.all([setTimeout(6000), until(() => seen.length > 5)])
    const lines = proxy.requests.filter((path) => path.endsWith('/events'))
    // Three within 3 s, a fourth after up to 4 s more, with luck another one or two.
    assert.isBelow(lines.length, 8)
    assert.equal(states.at(-1), 'live')
    assert.isBelow(states.length, 12)
  })

  test('behind a proxy that holds back what streams say, it is dropped and polling takes over', async ({
    assert,
    cleanup,
  }) => {
    const proxy = await Proxy.start(base())
    proxy.isBuffering = true
    const go = deferred()
    const id = await startScript(async (task) => {
      task.progress(30)
      await go.promise
    })
    const seen: Snapshot[] = []
    const watch = watchTask(`${proxy.url}/tasks/${id}`, {
      EventSource,
      silence: 100,
      onSnapshot: (snapshot) => seen.push(snapshot),
    })
    cleanup(() => {
      watch.close()
      proxy.close()
    })
    await until(() => seen.at(-1)?.progress === 30)
    const lines = proxy.requests.filter((path) => path.endsWith('/events'))
    assert.isAtLeast(lines.length, 3)
    go.resolve()
    await until(() => seen.at(-1)?.status === 'completed')
  })

  test('makes the pauses grow, from a second to half a minute, whether it opened or not', async ({
    assert,
    cleanup,
  }) => {
    const { random } = Math
    const { setTimeout: wait } = globalThis
    cleanup(() => {
      Object.assign(Math, { random })
      Object.assign(globalThis, { setTimeout: wait })
    })
    for (const isOpening of [false, true]) {
      const pauses: number[] = []
      // Time flies, but for the watchdog.
      const hurry = (work: () => void, pause: number) => {
        if (pause < 40_000) pauses.push(pause)
        return wait(work, pause < 40_000 ? 0 : pause)
      }
      Object.assign(globalThis, { setTimeout: hurry })
      Object.assign(Math, { random: () => (pauses.length % 9 === 8 ? 0 : 1) })
      const { EventSource: Failing } = fakeSources((each) => {
        if (isOpening) each.open()
        each.fail()
      })
      const source = new ResilientEventSource('http://nowhere.test', { EventSource: Failing })
      await until(() => pauses.length >= 9)
      source.close()
      Object.assign(globalThis, { setTimeout: wait })
      const bounds = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
      assert.deepEqual(pauses.slice(0, 9), [...bounds, 0])
    }
  })

  test('that was silent for too long is dropped, one that speaks is not', async ({
    assert,
    cleanup,
  }) => {
    const speaking = fakeSources((each) => each.open())
    const source = new ResilientEventSource('http://nowhere.test', {
      EventSource: speaking.EventSource,
      silence: 300,
    })
    cleanup(() => source.close())
    let errors = 0
    source.addEventListener('error', () => errors++)
    for (let word = 0; word < 10; word++) {
      await setTimeout(50)
      speaking.made[0].say({})
    }
    assert.equal(errors, 0)
    await until(() => speaking.made.length === 2)
    assert.equal(errors, 1)
    assert.equal(speaking.made[0].readyState, 2)
  })
})

test.group('What watchTask is given', () => {
  test('an older snapshot behind a newer one is not shown', async ({ assert, cleanup }) => {
    const { EventSource: Told, made } = fakeSources()
    const seen: number[] = []
    const watch = watchTask('http://nowhere.test', {
      EventSource: Told,
      onSnapshot: ({ version }) => seen.push(version),
    })
    cleanup(() => watch.close())
    made[0].open()
    for (const version of [2, 5, 4, 5, 6]) made[0].say({ version, status: 'processing' })
    assert.deepEqual(seen, [2, 5, 6])
  })

  test('a handler that throws at the end disturbs nothing: no line is opened again', async ({
    assert,
    cleanup,
  }) => {
    const { EventSource: Told, made } = fakeSources()
    const { queueMicrotask: defer } = globalThis
    cleanup(() => void (globalThis.queueMicrotask = defer))
    const reported: unknown[] = []
    globalThis.queueMicrotask = (report) => {
      try {
        report()
      } catch (error) {
        reported.push(error)
      }
    }
    const fault = new Error('not rendered')
    watchTask('http://nowhere.test', {
      EventSource: Told,
      onSnapshot: () => {
        throw fault
      },
    })
    made[0].open()
    made[0].say({ version: 1, status: 'processing' })
    assert.equal(made[0].readyState, 1)
    made[0].say({ version: 2, status: 'completed' })
    assert.equal(made[0].readyState, 2)
    assert.deepEqual(reported, [fault, fault])
  })

  test('closed by a handler of its own, it does not go on by polling', async ({ assert }) => {
    let polls = 0
    const { EventSource: Failing } = fakeSources((each) => {
      each.open()
      each.fail()
    })
    let times = 0
    const closed = deferred()
    const watch = watchTask('http://nowhere.test', {
      EventSource: Failing,
      onSnapshot: () => {},
      onState: (state) => {
        if (state !== 'stale' || ++times < 3) return
        watch.close()
        closed.resolve()
      },
      fetch: async () => {
        polls++
        return Response.error()
      },
    })
    await closed.promise
    await turns(3)
    assert.equal(polls, 0)
  })

  test('an answer that is an error is no sign of life', async ({ assert, cleanup }) => {
    const states: Freshness[] = []
    let polls = 0
    const watch = watchTask('http://nowhere.test', {
      onSnapshot: () => {},
      onState: (state) => states.push(state),
      fetch: async () => {
        polls++
        return Response.json({}, { status: 502 })
      },
    })
    cleanup(() => watch.close())
    await until(() => polls === 2)
    assert.deepEqual(states, ['catching-up', 'stale'])
  })

  test('it polls no more when a stream speaks', async ({ assert, cleanup }) => {
    const { random } = Math
    cleanup(() => void Object.assign(Math, { random }))
    Math.random = () => 0
    const { EventSource: Told, made } = fakeSources((each) => made.length <= 3 && each.fail())
    const polls: (AbortSignal | null | undefined)[] = []
    const watch = watchTask('http://nowhere.test', {
      EventSource: Told,
      onSnapshot: () => {},
      fetch: (_url, init) => {
        polls.push(init?.signal)
        return new Promise(() => {})
      },
    })
    cleanup(() => watch.close())
    await until(() => made.length === 4 && polls.length > 0)
    made[3].open()
    assert.isFalse(polls[0]?.aborted)
    made[3].say({ version: 1, status: 'processing' })
    assert.isTrue(polls[0]?.aborted)
    assert.lengthOf(polls, 1)
  })

  test('its own options are not those of the EventSource', async ({ assert, cleanup }) => {
    const { EventSource: Told, made } = fakeSources()
    const watch = watchTask('http://nowhere.test', {
      EventSource: Told,
      withCredentials: true,
      onSnapshot: () => {},
      onState: () => {},
      fetch: globalThis.fetch,
    })
    cleanup(() => watch.close())
    assert.deepEqual(made[0].init, { withCredentials: true })
  })
})

test.group('The first subscription of the unmodified client', () => {
  test('is asked for until the server has it', async ({ assert, cleanup }) => {
    const proxy = await Proxy.start(base())
    const client = new NaiveClient(proxy.url)
    cleanup(() => {
      client.close()
      proxy.close()
    })
    const id = await startScript(async () => {})
    const subscription = client.transmit.subscription(`long-task/${id}`)
    subscription.onMessage((snapshot: Snapshot) => client.seen.push(snapshot))
    proxy.outage = { status: 503, path: '/__transmit/subscribe' }
    const { signal } = new AbortController()
    const subscribed = subscribe(subscription, { signal })
    await until(() => proxy.failures >= 2)
    assert.isFalse(subscription.isCreated)
    proxy.outage = undefined
    await subscribed
    assert.isTrue(subscription.isCreated)
    assert.lengthOf(getEventListeners(signal, 'abort'), 0)
    await until(() => client.shown?.status === 'completed')

    const stop = new AbortController()
    proxy.outage = { status: 503, path: '/__transmit/subscribe' }
    const given = subscribe(client.transmit.subscription('long-tasks'), { signal: stop.signal })
    await until(() => proxy.failures >= 3)
    stop.abort()
    await given

    // That of a client without a line is pending until there is one.
    const leave = new AbortController()
    const pending = {
      isCreated: false,
      isDeleted: false,
      create: () => new Promise<void>(() => {}),
    }
    const waiting = subscribe(pending, { signal: leave.signal })
    leave.abort()
    await waiting
  })
})
