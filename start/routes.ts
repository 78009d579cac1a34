import { controllers } from '#generated/controllers'
import router from '@adonisjs/core/services/router'

router.post('tasks', [controllers.Tasks, 'store'])
router.get('tasks', [controllers.Tasks, 'index'])
router.get('tasks/:id', [controllers.Tasks, 'show'])
router.get('tasks/:id/progress', [controllers.TaskProgress, 'show'])
router.get('tasks/:id/events', [controllers.TaskEvents, 'show'])
router.post('tasks/:id/cancel', [controllers.TaskCancellations, 'store'])
router.get('tasks/:id/result', [controllers.TaskResults, 'show'])
router.get('tasks/:id/logs', [controllers.TaskLogs, 'index'])
router.get('datasets', [controllers.Datasets, 'index'])
router.delete('datasets/:name', [controllers.Datasets, 'destroy'])
router.get('task-types', [controllers.TaskTypes, 'index'])
router.get('health', [controllers.Health, 'show'])
router.get('client.js', [controllers.ClientScripts, 'script'])
router.get('client.d.ts', [controllers.ClientScripts, 'types'])
