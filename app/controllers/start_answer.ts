import { isTerminal } from '#engine/status'
import type { Started } from '#engine/engine'
import { engine, waiters } from '#start/services'
import { patienceOf } from '#controllers/patience'
import type { HttpContext } from '@adonisjs/core/http'
import TaskTransformer from '#transformers/task_transformer'
import { answerWithCut, retryAfter } from '#controllers/answers'

/**
 * Answers with a task that was started: 202, or 200 when it ends while its client waits for that
 * (`Prefer: wait=N`).
 *
 * @param key under which the request may be repeated; who repeats it is told so
 */
export async function answerWithStart(
  ctx: HttpContext,
  { task, isNew }: Started,
  key: string | undefined
): Promise<void> {
  const { response } = ctx
  response.status(202).header('Location', task.cut.snapshot.links.self)
  if (key !== undefined && !isNew) response.header('Idempotent-Replayed', 'true')

  const patience = patienceOf(ctx)
  let { cut } = task
  if (patience) {
    cut = (await waiters.endOf(cut.id, patience)) ?? (await engine.cutOf(cut.id)) ?? cut
    if (isTerminal(cut.status)) response.status(200)
  }
  retryAfter(ctx, cut)
  return answerWithCut(ctx, cut, new TaskTransformer({ ...task, cut }).toObject())
}
