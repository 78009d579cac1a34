import { engine, waiters } from '#start/services'
import { ownerOf } from '#start/owner'
import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { TaskNotFound } from '#exceptions/http_errors'
import type { HttpContext } from '@adonisjs/core/http'
import { answerWithCut, retryAfter, versionOfTag } from '#controllers/answers'

/** Seconds that `Prefer: wait` may hold an answer. */
const LONGEST_WAIT = 60

/** Polling: the snapshot, in every status. */
export default class TaskProgressController {
  async show(ctx: HttpContext) {
    const task = await engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const cut = await this.#awaitNews(ctx, task.cut)
    retryAfter(ctx, cut)
    return answerWithCut(ctx, cut)
  }

  /** `Prefer: wait=N` (RFC 7240): holds the answer until there is something newer. */
  async #awaitNews(ctx: HttpContext, cut: Cut): Promise<Cut> {
    const seconds = preferredWait(ctx.request.header('prefer'))
    const seen = versionOfTag(ctx.request.header('if-none-match')) ?? cut.version
    if (seconds === null) return cut
    ctx.response.header('Preference-Applied', `wait=${seconds}`)
    if (cut.version > seen || isTerminal(cut.snapshot.status)) return cut

    const gone = new AbortController()
    ctx.response.response.once('close', () => gone.abort())
    const milliseconds = seconds * 1000
    const newer = await waiters.newerThan(cut.id, seen, { milliseconds, signal: gone.signal })
    return newer ?? cut
  }
}

function preferredWait(header: string | undefined): number | null {
  const seconds = /(?:^|[,;])\s*wait=(\d{1,6})\s*(?=$|[,;])/i.exec(header ?? '')?.[1]
  return seconds === undefined ? null : Math.min(Number(seconds), LONGEST_WAIT)
}
