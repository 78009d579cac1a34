import { test } from '@japa/runner'
import { base, start } from '#tests/helpers/http'

/** What there is as HTML or for it. */
async function addresses(): Promise<string[]> {
  const { body } = await start({ type: 'simulate', input: { steps: 1 } }, { prefer: 'wait=60' })
  const page = await (await fetch(base())).text()
  const asset = /"(\/page\/[^"]+\.css)"/.exec(page)?.[1]
  return ['/', `/tasks/${body.id}`, String(asset)]
}

test.group('The page and what it loads, plain and compressed', () => {
  const ask = (path: string, coding: string, known = '') =>
    fetch(`${base()}${path}`, {
      headers: { 'accept': 'text/html', 'accept-encoding': coding, 'if-none-match': known },
    })

  test('each coding has a strong ETag of its own (RFC 9110 §8.8.3)', async ({ assert }) => {
    for (const path of await addresses()) {
      const [plain, gzip] = [await ask(path, 'identity'), await ask(path, 'gzip')]
      assert.isNull(plain.headers.get('content-encoding'))
      assert.equal(gzip.headers.get('content-encoding'), 'gzip')
      const [tag, gzipTag] = [plain, gzip].map(({ headers }) => headers.get('etag') ?? '')
      assert.match(tag, /^"[^"]+"$/)
      assert.equal(gzipTag, `${tag.slice(0, -1)}-gzip"`)
      assert.equal(await plain.text(), await gzip.text())
    }
  })

  test('304 is for who has this coding, and names what it depends on', async ({ assert }) => {
    for (const path of await addresses()) {
      for (const [coding, other] of [
        ['identity', 'gzip'],
        ['gzip', 'identity'],
      ]) {
        const whole = await ask(path, coding)
        const etag = whole.headers.get('etag') ?? ''
        const same = await ask(path, coding, etag)
        assert.deepEqual([same.status, same.headers.get('etag')], [304, etag])
        for (const answer of [whole, same]) {
          const vary = answer.headers.get('vary')?.split(', ') ?? []
          assert.includeMembers(vary, ['Origin', 'Accept-Encoding'])
          assert.equal(vary.includes('Accept'), path.startsWith('/tasks'))
        }
        assert.equal((await ask(path, other, etag)).status, 200)
      }
    }
  })
})
