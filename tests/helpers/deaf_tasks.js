/*
| Loaded into a server under test (NODE_OPTIONS=--import): tasks hear 3 s late that the server stops, so
| that it takes a while.
*/

const { abort } = AbortController.prototype
AbortController.prototype.abort = function (reason) {
  if (reason?.why !== 'stopping') return abort.call(this, reason)
  setTimeout(() => abort.call(this, reason), 3000)
}
