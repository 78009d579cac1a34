/** An EventSource whose life a test tells. */
export class FakeSource extends EventTarget {
  readyState = 0

  constructor(
    readonly url: string,
    readonly init: object
  ) {
    super()
  }

  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(data) }))
  }

  fail(): void {
    this.readyState = 0
    this.dispatchEvent(new Event('error'))
  }

  close(): void {
    this.readyState = 2
  }
}

/** A class of such sources, and all that are made of it. */
export function fakeSources(live: (source: FakeSource) => void = () => {}) {
  const made: FakeSource[] = []
  class EventSource extends FakeSource {
    constructor(url: string, init: object) {
      super(url, init)
      made.push(this)
      setImmediate(() => live(this))
    }
  }
  return { EventSource, made }
}
