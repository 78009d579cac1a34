import type { TaskInput } from '#engine/task_input'
import type { TaskTypes } from '#engine/task_types'
import type { Json } from '#openapi/json'
import type { Shapes } from '#openapi/shapes'
import type { RequestHeader, ResponseHeader } from '#openapi/headers'

/** An error class, or an error of the framework (`problems`). */
export interface ProblemKind {
  readonly status: number
  /** None where the code is that of a task type. */
  readonly code?: string
  /** Headers that it comes with. */
  readonly headers?: readonly ResponseHeader[]
}

/** What one media type of an answer carries. */
export interface Media {
  /** Text where no schema is told. */
  readonly schema?: Json
  /** The schema of each message of a stream. */
  readonly message?: Json
}

/** One status that a route answers with; a header with `?` is there only sometimes. */
export interface Answer {
  readonly description: string
  readonly content?: Readonly<Record<string, Media>>
  readonly headers?: readonly (ResponseHeader | `${ResponseHeader}?`)[]
}

/** What a route takes and gives: all that the document tells of it. */
export interface Operation {
  readonly summary: string
  readonly description?: string
  /** Request headers that it heeds. */
  readonly heeds?: readonly RequestHeader[]
  /** The Vine schema of its query string. */
  readonly query?: TaskInput
  /** The Vine schema of its JSON body, or its content by media type. */
  readonly body?: TaskInput | ((types: TaskTypes) => Readonly<Record<string, Json>>)
  readonly answers: Readonly<Record<number, Answer>>
  /** The errors that it may give beside those that every route may. */
  readonly problems?: readonly ProblemKind[]
}

/** By method and pattern, as the router has them: `GET /tasks/:id`. */
export type Operations = Readonly<Record<`${'GET' | 'POST' | 'DELETE'} /${string}`, Operation>>

/** A schema that was made from a type (see `Shapes`). */
export function shape(name: ShapeName): Json {
  return { $ref: `#/components/schemas/${name}` }
}

type ShapeName = keyof Shapes

/** An answer with a JSON body. */
export function json(
  description: string,
  name: ShapeName,
  headers: Answer['headers'] = []
): Answer {
  return { description, headers, content: { 'application/json': { schema: shape(name) } } }
}
