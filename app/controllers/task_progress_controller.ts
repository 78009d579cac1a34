import { engine, waiters } from '#start/services'
import { ownerOf } from '#start/owner'
import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { TaskNotFound } from '#exceptions/http_errors'
import type { HttpContext } from '@adonisjs/core/http'
import { patienceOf } from '#controllers/patience'
import { answerWithCut, retryAfter, versionOfTag } from '#controllers/answers'

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
    const patience = patienceOf(ctx)
    const seen = versionOfTag(ctx.request.header('if-none-match')) ?? cut.version
    if (!patience || cut.version > seen || isTerminal(cut.snapshot.status)) return cut
    return (await waiters.newerThan(cut.id, seen, patience)) ?? cut
  }
}
