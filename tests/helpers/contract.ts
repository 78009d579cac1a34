import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** An answer as it went over the line. */
export interface SeenAnswer {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders
  /** As far as it was read; of a stream the beginning. */
  readonly body: string
}

interface Media {
  readonly 'x-message'?: object
}

interface Header {
  readonly required?: boolean
  readonly $ref?: string
}

interface Response {
  readonly headers?: Readonly<Record<string, Header>>
  readonly content?: Readonly<Record<string, Media>>
}

export interface DescribedOperation {
  readonly responses: Readonly<Record<string, Response>>
  readonly [field: string]: unknown
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: {
    /** What any address may answer. */
    readonly responses: DescribedOperation['responses']
    readonly headers: Readonly<Record<string, Header>>
  }
  readonly [field: string]: unknown
}

/** Headers that any answer may have: those of the connection and the body. */
const general = /^(connection|content-(length|type)|date|keep-alive|transfer-encoding)$/

/** Compares answers with what the OpenAPI document says. */
export class Contract {
  readonly #document: ApiDocument
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false, validateSchema: false }))
  readonly #routes: { pattern: RegExp; path: string }[]
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(document: object) {
    this.#document = document as ApiDocument
    this.#ajv.addSchema(document, 'api')
    this.#routes = Object.keys(this.#document.paths).map((path) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/{\w+}/g, '[^/]*')}/?$`, 'i'),
    }))
  }

  /** What is wrong with an answer; nothing when it is as documented. */
  problemsOf(answer: SeenAnswer): string[] {
    const { method, url, status } = answer
    const path = this.#pathOf(url)
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
    const operation = path === undefined ? undefined : this.#document.paths[path]?.[verb]
    const { responses } = operation ?? this.#document.components
    const response = responses[status]
    if (!response) return [`the status ${status} is not documented: ${answer.body.slice(0, 300)}`]
    const where = operation ? `paths/${escaped(path ?? '')}/${verb}` : 'components'
    const place = `api#/${where}/responses/${status}/content`
    return [
      ...this.#problemsOfHeaders(answer, response),
      ...(method === 'HEAD' || status === 304 ? [] : this.#problemsOfBody(answer, response, place)),
    ]
  }

  #pathOf(url: string): string | undefined {
    const [pathname = ''] = url.split('?')
    return this.#routes.find(({ pattern }) => pattern.test(pathname))?.path
  }

  #problemsOfHeaders({ headers }: SeenAnswer, response: Response): string[] {
    const documented = new Map(
      Object.entries(response.headers ?? {}).map(([name, header]) => [
        name.toLowerCase(),
        header.$ref ? this.#document.components.headers[name] : header,
      ])
    )
    const missing = [...documented]
      .filter(([name, header]) => header?.required && headers[name] === undefined)
      .map(([name]) => `the header ${name} is missing`)
    const more = Object.keys(headers)
      .filter((name) => !general.test(name) && !documented.has(name))
      .map((name) => `the header ${name} is not documented`)
    return [...missing, ...more]
  }

  #problemsOfBody({ headers, body }: SeenAnswer, { content }: Response, place: string): string[] {
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
    if (!content) return body === '' ? [] : [`a body is not documented: ${body.slice(0, 300)}`]
    const key = type in content ? type : '*/*'
    const media = content[key]
    if (!media) return [`the content type "${type}" is not documented`]
    const schema = `${place}/${escaped(key)}`
    if (media['x-message']) {
      return messagesOf(body).flatMap((message) =>
        this.#problemsOfValue(message, `${schema}/x-message`)
      )
    }
    return /^application\/(.+\+)?json$/.test(type)
      ? this.#problemsOfValue(body, `${schema}/schema`)
      : []
  }

  #problemsOfValue(text: string, place: string): string[] {
    let validate = this.#validators.get(place)
    if (!validate) this.#validators.set(place, (validate = this.#ajv.compile({ $ref: place })))
    try {
      if (validate(JSON.parse(text))) return []
    } catch (error) {
      return [`${String(error)}: ${text.slice(0, 300)}`]
    }
    const errors = this.#ajv.errorsText(validate.errors, { dataVar: 'body' })
    const [first] = validate.errors ?? []
    return [`${errors} ${JSON.stringify(first?.params)}: ${text.slice(0, 300)}`]
  }
}

/** The data of the whole events in what was read of a stream. */
function messagesOf(body: string): string[] {
  return body
    .split('\n\n')
    .slice(0, -1)
    .map((event) => /^data: (.*)$/m.exec(event)?.[1])
    .filter((data) => data !== undefined)
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
