import { test } from '@japa/runner'
import type { Hub } from '#realtime/hub'
import { Transmit } from '@boringnode/transmit'
import { bindTransmit } from '#realtime/transmit_binding'
import transmitService from '@adonisjs/transmit/services/main'
import type { Logger } from '@adonisjs/core/logger'
import { setImmediate } from 'node:timers/promises'
import type { HttpContext } from '@adonisjs/core/http'
import type { ContainerBindings } from '@adonisjs/core/types'

const channel = 'long-task/5b0cdfb8-1f0e-4c8e-9d0c-0e6d54a3a001'

/** A bus that encodes what it is given a while later, as one may do that was disconnected. */
class LateBus {
  readonly sent: string[] = []
  /** Hands over what another process has published. */
  deliver: (message: object) => void = () => {}
  setId() {
    return this
  }
  async publish(_channel: string, message: unknown) {
    await setImmediate()
    this.sent.push(JSON.stringify(message))
  }
  async subscribe<T>(_channel: string, deliver: (message: T) => void | Promise<void>) {
    this.deliver = (message) => void deliver(message as T)
  }
  async unsubscribe() {}
  async disconnect() {}
  onReconnect() {}
}

/** A Transmit that has a bus, bound to a hub that does as it is told; what it heard and what was logged. */
function bound(hub: object) {
  const bus = new LateBus()
  const transmit = new Transmit<HttpContext>({ pingInterval: false, transport: null }, bus)
  const listeners = new Map<string, (event: object) => unknown>()
  Object.assign(transmit, {
    on: (name: string, listener: (event: object) => unknown) => listeners.set(name, listener),
  })
  const logged: string[] = []
  const logger = { error: ({ err }: { err: Error }) => logged.push(err.message) }
  bindTransmit(
    transmit as unknown as ContainerBindings['transmit'],
    hub as Hub,
    logger as unknown as Logger
  )
  return { transmit, bus, listeners, logged }
}

test.group('The binding of Transmit', () => {
  test('logs what a hub throws, at once or later: Transmit would let it end the process', async ({
    assert,
  }) => {
    const fail = (message: string) => () => {
      throw new Error(message)
    }
    const { listeners, logged } = bound({
      streams: { begin: fail('begin'), find: () => ({}) },
      subscribe: async () => fail('subscribe')(),
      unsubscribe: fail('unsubscribe'),
    })
    const context = { response: { response: {} } }
    for (const name of ['connect', 'subscribe', 'unsubscribe']) {
      await listeners.get(name)?.({ uid: 'a', channel, context })
    }
    assert.deepEqual(logged, ['begin', 'subscribe', 'unsubscribe'])
  })

  test('gives the bus what was broadcast, whatever becomes of it afterwards', async ({
    assert,
  }) => {
    const told: string[] = []
    const { transmit, bus } = bound({
      broadcast: (_channel: string, payload: unknown) => told.push(JSON.stringify(payload)),
    })
    const payload = { version: 1, message: 'said' }
    transmit.broadcast(channel, payload)
    payload.message = 'changed'
    await setImmediate()
    assert.deepEqual(told, ['{"version":1,"message":"said"}'])
    assert.lengthOf(bus.sent, 1)
    assert.include(bus.sent[0], '"said"')
  })

  test("takes what arrives over the bus to the hub, past Transmit's own streams", async ({
    assert,
  }) => {
    const told: unknown[] = []
    const { transmit, bus } = bound({ broadcast: (...news: unknown[]) => told.push(news) })
    const own = transmit.getManager().getAllSubscribers()
    // To go through all streams is what the index of the hub is there for.
    own[Symbol.iterator] = () => assert.fail('the streams were gone through')
    bus.deliver({ channel, payload: { version: 7 } })
    assert.deepEqual(told, [[channel, { version: 7 }]])
  })

  test('throws a poison payload at its sender: nothing reaches the bus', async ({ assert }) => {
    const { transmit, bus } = bound({ broadcast: () => {} })
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    for (const poison of [{ version: 1n }, cyclic]) {
      assert.throws(() => transmit.broadcast(channel, poison as never), TypeError)
    }
    await setImmediate()
    assert.lengthOf(bus.sent, 0)
  })
})

test.group('The rules of Transmit', () => {
  test('deny what none of them allows', async ({ assert }) => {
    const allows = (name: string) => transmitService.getManager().verifyAccess(name, {} as never)
    for (const name of [channel, 'long-tasks']) assert.isTrue(await allows(name), name)
    for (const name of ['anything', 'long-task/42', 'long-tasks/a', 'a/b/c', '']) {
      assert.isFalse(await allows(name), name)
    }
  })
})
