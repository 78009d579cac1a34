import { engine, waiters } from '#start/services'
import { ownerOf } from '#start/owner'
import type { Cut } from '#engine/cut'
import { isTerminal } from '#engine/status'
import { TaskNotFound } from '#exceptions/http_errors'
import type { HttpContext } from '@adonisjs/core/http'
import { patienceOf } from '#controllers/patience'
import { answerWithCut, hasIt, retryAfter, tagOf } from '#controllers/answers'

/** Polling: the snapshot, in every status. */
export default class TaskProgressController {
  async show(ctx: HttpContext) {
    const task = await engine.find(ctx.params.id, ownerOf(ctx))
    if (!task) throw new TaskNotFound()
    const cut = await this.#awaitNews(ctx, task.cut)
    retryAfter(ctx, cut)
    return answerWithCut(ctx, cut)
  }

  /**
   * `Prefer: wait=N` (RFC 7240): holds the answer until there is something newer. Who asks by
   * `If-None-Match` for what isn't there now (RFC 9110 §13.1.2) has nothing to wait for, and neither
   * has who takes any state for his own (`*`).
   */
  async #awaitNews(ctx: HttpContext, cut: Cut): Promise<Cut> {
    const patience = patienceOf(ctx)
    if (!patience || isTerminal(cut.status)) return cut
    const known = ctx.request.header('if-none-match')
    if (known !== undefined && (known.trim() === '*' || !hasIt(ctx, tagOf(cut)))) return cut
    const news = await waiters.newerThan(cut.id, cut.version, patience)
    return news ?? (await engine.cutOf(cut.id)) ?? cut
  }
}
