import { html } from './html.js'
import { layout } from './layout.js'
import type { Assets } from './assets.js'

const statuses = ['queued', 'processing', 'completed', 'failed', 'cancelled']
/** Those of which all are known to the page. */
const counted = new Set(['queued', 'processing'])
const columns = ['Task', 'Progress', 'Rate', 'Remaining', 'Elapsed', 'Attempt', 'State']

const statusFilter = html`<fieldset class="statuses">
  <legend class="hidden">Status</legend>
  <label><input type="radio" name="status" value="" checked /><span>all</span></label>
  ${statuses.map(
    (status) =>
      html`<label
        ><input type="radio" name="status" value="${status}" /><span
          >${status}${counted.has(status) && html` <b data-count="${status}"></b>`}</span
        ></label
      > `
  )}
</fieldset>`

const filters = html`<form class="filters" id="filters" role="search" aria-label="Tasks">
  ${statusFilter}
  <label class="field-inline"
    ><span class="hidden">Type</span
    ><select name="type" autocomplete="off">
      <option value="">all types</option>
    </select></label
  >
  <label class="field-inline search"
    ><span class="hidden">Id</span
    ><input type="search" name="id" placeholder="Find by id" autocomplete="off" spellcheck="false"
  /></label>
</form>`

const table = html`<div class="tasks" id="tasks" role="table" aria-label="Tasks" aria-rowcount="-1">
    <div role="rowgroup" class="heads">
      <div role="row">${columns.map((name) => html`<span role="columnheader">${name}</span>`)}</div>
    </div>
    <div role="rowgroup" class="rows" id="rows"></div>
  </div>
  <p class="more" id="more" hidden></p>
  <div class="empty" id="empty" hidden><p></p></div>`

const dialog = (maxUpload: number) =>
  html`<dialog
    class="start"
    id="start-dialog"
    aria-labelledby="start-title"
    data-max-upload="${maxUpload}"
  >
    <form id="start-form" novalidate>
      <header>
        <h2 id="start-title">Start a task</h2>
        <button type="button" class="quiet" data-close aria-label="Close">✕</button>
      </header>
      <div class="fields">
        <div class="field">
          <label for="start-type">Type</label
          ><select id="start-type" name="type" autocomplete="off"></select>
          <p class="hint" id="start-description"></p>
        </div>
        <div id="start-fields"></div>
        <p class="problem" id="start-problem" role="alert" hidden></p>
        <div class="sending" id="start-sending" hidden>
          <progress max="100" value="0" aria-label="Upload"></progress><span class="num"></span>
        </div>
      </div>
      <footer>
        <button type="button" data-close>Cancel</button
        ><button type="submit" class="primary">Start</button>
      </footer>
    </form>
  </dialog>`

/**
 * All tasks: the browser fills it in.
 *
 * @param limits bytes of the largest file that the server takes
 */
export function listPage(assets: Assets, limits: { readonly maxUpload: number }): string {
  return layout(assets, {
    title: 'Tasks',
    script: 'list_main.js',
    bar: html`<button type="button" class="primary" id="start" aria-haspopup="dialog" disabled>
      Start a task
    </button>`,
    body: html`<h1 class="hidden">Tasks</h1>
      <noscript
        ><p class="notice">
          This list needs JavaScript. The page of a single task, <code>/tasks/&lt;id&gt;</code>,
          works without; so does <a href="/tasks">the API</a>.
        </p></noscript
      >
      ${filters} ${table} ${dialog(limits.maxUpload)}`,
  })
}
