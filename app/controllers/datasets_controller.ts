import { inject } from '@adonisjs/core'
import { ownerOf } from '#start/owner'
import type { DatasetPage } from '#openapi/shapes'
import type { HttpContext } from '@adonisjs/core/http'
import { DatasetPurge } from '#models/dataset_purge'
import { cursorOf, placeOf } from '#transformers/cursor'
import { listDatasetsValidator } from '#validators/dataset'
import { listDatasets, removeDataset } from '#models/datasets'
import { DatasetInUse, DatasetNotFound } from '#exceptions/http_errors'

/** What imports have loaded. */
@inject()
export default class DatasetsController {
  constructor(protected purge: DatasetPurge) {}

  /** By name. `meta.nextCursor` leads to the next page, `null` on the last. */
  async index(ctx: HttpContext): Promise<DatasetPage> {
    const { cursor, limit = 20 } = await ctx.request.validateUsing(listDatasetsValidator)
    const after = cursor === undefined ? undefined : placeOf(cursor)
    const datasets = await listDatasets({ owner: ownerOf(ctx), after, limit: limit + 1 })
    const data = datasets.slice(0, limit)
    ctx.response.header('Cache-Control', 'private, no-cache')
    const last = datasets.length > limit ? data.at(-1) : undefined
    return { data, meta: { limit, nextCursor: last ? cursorOf(last.name) : null } }
  }

  /** 204 when it is gone, 409 while a live task works with it. */
  async destroy(ctx: HttpContext) {
    const outcome = await removeDataset(ownerOf(ctx), ctx.params.name)
    switch (outcome) {
      case 'unknown':
        throw new DatasetNotFound()
      case 'in-use':
        throw new DatasetInUse()
      case 'removed':
        this.purge.wake()
        return ctx.response.status(204).send('')
    }
  }
}
