import { problems } from '#exceptions/problem'
import * as http from '#exceptions/http_errors'
import { listDatasetsValidator } from '#validators/dataset'
import { json, type Operations } from '#openapi/operation'

/** What imports have loaded. */
export const datasetOperations: Operations = {
  'GET /datasets': {
    summary: 'List datasets, by name',
    query: listDatasetsValidator,
    answers: { 200: json('A page of datasets.', 'DatasetPage', ['Cache-Control']) },
    problems: [problems.invalidInput],
  },
  'DELETE /datasets/:name': {
    summary: 'Delete a dataset',
    answers: { 204: { description: 'It is gone.' } },
    problems: [http.DatasetNotFound, http.DatasetInUse],
  },
}
