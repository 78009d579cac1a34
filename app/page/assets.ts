import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { readdirSync, readFileSync } from 'node:fs'

/** Lines of nothing but a comment. */
const comments = /^[ \t]*(\/\*[^]*?\*\/|\/\/.*)$/gm

/**
 * Our own code as browsers get it: without its comments, a sixth of the bytes. Their lines stay, so
 * that errors name the right ones.
 */
function withoutComments(code: Buffer): Buffer {
  return Buffer.from(code.toString().replace(comments, (text) => text.replace(/.+/g, '')))
}

/** A file as it goes over the wire. */
export interface Asset {
  readonly type: string
  readonly bytes: Buffer
  readonly gzipped: Buffer
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * All that the page loads: the modules of `browser/`, the helper, and the unmodified Transmit client.
 * Owns one version for all of them, made from their bytes, which is a folder of their address: so
 * browsers may keep them for ever, and a tab never mixes two releases.
 */
export class Assets {
  readonly version: string
  readonly #files: ReadonlyMap<string, Asset>

  private constructor(paths: ReadonlyMap<string, string>) {
    const hash = createHash('sha256')
    const read = [...paths].map(([name, path]): [string, Asset] => {
      const isOurs = path.startsWith(import.meta.dirname)
      const bytes = isOurs ? withoutComments(readFileSync(path)) : readFileSync(path)
      hash.update(name).update(bytes)
      const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
      return [name, { type, bytes, gzipped: gzipSync(bytes, { level: 9 }) }]
    })
    this.#files = new Map(read)
    this.version = hash.digest('hex').slice(0, 12)
  }

  static load(): Assets {
    const folder = join(import.meta.dirname, 'browser')
    const names = readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name))
    return new Assets(
      new Map([
        ...names.map((name): [string, string] => [name, join(folder, name)]),
        ['client.js', join(import.meta.dirname, 'client.js')],
        ['transmit-client.js', fileURLToPath(import.meta.resolve('@adonisjs/transmit-client'))],
      ])
    )
  }

  find(name: string): Asset | undefined {
    return this.#files.get(name)
  }

  /** The address of a file in this version. */
  url(name: string): string {
    return `/page/${this.version}/${name}`
  }

  /** A module and all that it imports, for the browser to load them at once. */
  modules(entry: string, found = new Set<string>()): Set<string> {
    found.add(entry)
    const code = this.find(entry)?.bytes.toString() ?? ''
    for (const [, name = ''] of code.matchAll(/^import .*from '\.\/(.+)'$/gm)) {
      if (!found.has(name)) this.modules(name, found)
    }
    return found
  }
}
