import type { KnownTask } from '#engine/engine'
import { problemOf } from '#exceptions/problem'
import type { HttpContext } from '@adonisjs/core/http'
import { TaskNotFound } from '#exceptions/http_errors'
import { answerWithPage, assets } from '#controllers/page'
import TaskTransformer from '#transformers/task_transformer'
import { missingPage, taskPage } from '#page/task_page'

/** Answers with the page of a task; for people, also where there is none (404, 410). */
export async function answerWithTaskPage(
  ctx: HttpContext,
  finding: Promise<KnownTask | null>
): Promise<void> {
  const current = assets()
  try {
    const task = await finding
    if (!task) throw new TaskNotFound()
    const { version, snapshot } = task.cut
    const tag = `${version}-${snapshot.health}-${current.version}`
    answerWithPage(ctx, taskPage(current, new TaskTransformer(task).toObject()), tag)
  } catch (error) {
    const { status, title, detail } = problemOf(error)
    if (status !== 404 && status !== 410) throw error
    ctx.response.status(status)
    answerWithPage(ctx, missingPage(current, { title, detail }))
  }
}
