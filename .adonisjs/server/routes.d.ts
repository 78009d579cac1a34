import '@adonisjs/core/types/http'

type ParamValue = string | number | bigint | boolean

export type ScannedRoutes = {
  ALL: {
    'tasks.store': { paramsTuple?: []; params?: {} }
    'tasks.index': { paramsTuple?: []; params?: {} }
    'tasks.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'tasks.destroy': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_progress.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_events.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_cancellations.store': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_retries.store': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_results.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_logs.index': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'datasets.index': { paramsTuple?: []; params?: {} }
    'datasets.destroy': { paramsTuple: [ParamValue]; params: {'name': ParamValue} }
    'task_types.index': { paramsTuple?: []; params?: {} }
    'health.show': { paramsTuple?: []; params?: {} }
    'client_scripts.script': { paramsTuple?: []; params?: {} }
    'client_scripts.types': { paramsTuple?: []; params?: {} }
    'client_scripts.api_types': { paramsTuple?: []; params?: {} }
    'api_descriptions.document': { paramsTuple?: []; params?: {} }
    'api_descriptions.page': { paramsTuple?: []; params?: {} }
    'pages.index': { paramsTuple?: []; params?: {} }
    'pages.asset': { paramsTuple: [ParamValue,ParamValue]; params: {'version': ParamValue,'name': ParamValue} }
    'event_stream': { paramsTuple?: []; params?: {} }
    'subscribe': { paramsTuple?: []; params?: {} }
    'unsubscribe': { paramsTuple?: []; params?: {} }
  }
  POST: {
    'tasks.store': { paramsTuple?: []; params?: {} }
    'task_cancellations.store': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_retries.store': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'subscribe': { paramsTuple?: []; params?: {} }
    'unsubscribe': { paramsTuple?: []; params?: {} }
  }
  GET: {
    'tasks.index': { paramsTuple?: []; params?: {} }
    'tasks.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_progress.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_events.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_results.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_logs.index': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'datasets.index': { paramsTuple?: []; params?: {} }
    'task_types.index': { paramsTuple?: []; params?: {} }
    'health.show': { paramsTuple?: []; params?: {} }
    'client_scripts.script': { paramsTuple?: []; params?: {} }
    'client_scripts.types': { paramsTuple?: []; params?: {} }
    'client_scripts.api_types': { paramsTuple?: []; params?: {} }
    'api_descriptions.document': { paramsTuple?: []; params?: {} }
    'api_descriptions.page': { paramsTuple?: []; params?: {} }
    'pages.index': { paramsTuple?: []; params?: {} }
    'pages.asset': { paramsTuple: [ParamValue,ParamValue]; params: {'version': ParamValue,'name': ParamValue} }
    'event_stream': { paramsTuple?: []; params?: {} }
  }
  HEAD: {
    'tasks.index': { paramsTuple?: []; params?: {} }
    'tasks.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_progress.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_events.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_results.show': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'task_logs.index': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'datasets.index': { paramsTuple?: []; params?: {} }
    'task_types.index': { paramsTuple?: []; params?: {} }
    'health.show': { paramsTuple?: []; params?: {} }
    'client_scripts.script': { paramsTuple?: []; params?: {} }
    'client_scripts.types': { paramsTuple?: []; params?: {} }
    'client_scripts.api_types': { paramsTuple?: []; params?: {} }
    'api_descriptions.document': { paramsTuple?: []; params?: {} }
    'api_descriptions.page': { paramsTuple?: []; params?: {} }
    'pages.index': { paramsTuple?: []; params?: {} }
    'pages.asset': { paramsTuple: [ParamValue,ParamValue]; params: {'version': ParamValue,'name': ParamValue} }
    'event_stream': { paramsTuple?: []; params?: {} }
  }
  DELETE: {
    'tasks.destroy': { paramsTuple: [ParamValue]; params: {'id': ParamValue} }
    'datasets.destroy': { paramsTuple: [ParamValue]; params: {'name': ParamValue} }
  }
}
declare module '@adonisjs/core/types/http' {
  export interface RoutesList extends ScannedRoutes {}
}