import { controllers } from '#generated/controllers'
import { middleware } from '#start/kernel'
import router from '@adonisjs/core/services/router'

router.post('tasks', [controllers.Tasks, 'store']).use(middleware.body())
router.get('tasks', [controllers.Tasks, 'index'])
router.get('tasks/:id', [controllers.Tasks, 'show'])
router.delete('tasks/:id', [controllers.Tasks, 'destroy'])
router.get('tasks/:id/progress', [controllers.TaskProgress, 'show'])
router.get('tasks/:id/events', [controllers.TaskEvents, 'show'])
router.post('tasks/:id/cancel', [controllers.TaskCancellations, 'store'])
router.post('tasks/:id/retry', [controllers.TaskRetries, 'store'])
router.get('tasks/:id/result', [controllers.TaskResults, 'show'])
router.get('tasks/:id/logs', [controllers.TaskLogs, 'index'])
router.get('datasets', [controllers.Datasets, 'index'])
router.delete('datasets/:name', [controllers.Datasets, 'destroy'])
router.get('task-types', [controllers.TaskTypes, 'index'])
router.get('health', [controllers.Health, 'show'])
router.get('client.js', [controllers.ClientScripts, 'script'])
router.get('client.d.ts', [controllers.ClientScripts, 'types'])
router.get('api.d.ts', [controllers.ClientScripts, 'apiTypes'])
router.get('openapi.json', [controllers.ApiDescriptions, 'document'])
router.get('docs', [controllers.ApiDescriptions, 'page'])

router.get('/', [controllers.Pages, 'index'])
router.get('page/:version/:name', [controllers.Pages, 'asset'])
