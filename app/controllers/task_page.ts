import { engine } from '#start/services'
import { isTerminal } from '#engine/status'
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
    const { id, version, snapshot } = task.cut
    const file = snapshot.status === 'completed' ? await engine.taskFiles.find(id) : null
    const way = engine.wayOf(id)
    // Its times go on without a new version.
    const second = isTerminal(snapshot.status) ? 'final' : Math.floor(Date.now() / 1000)
    const tag = `${version}-${snapshot.health}-${second}-${current.version}`
    const document = taskPage(current, new TaskTransformer(task).toObject(), { file, way })
    answerWithPage(ctx, document, tag)
  } catch (error) {
    const { status, title, detail } = problemOf(error)
    if (status !== 404 && status !== 410) throw error
    ctx.response.status(status)
    answerWithPage(ctx, missingPage(current, { title, detail }))
  }
}
