import { layout } from './layout.js'
import type { Assets } from './assets.js'
import { size, utc } from './browser/format.js'
import { describe, figuresOf, isRetrying, nextAttempt, type TaskBody } from './browser/describe.js'
import { html, jsonBlock, type Html } from './html.js'

const hidden = html` hidden`

/** Seconds between two looks of a browser without JavaScript. */
const REFRESH = 2

/** What the page of a task shows besides the task. */
export interface TaskExtras {
  /** What its result is, where that is a file. */
  readonly file: { readonly name: string; readonly size: number } | null
  /** The way of the attempt that runs: milliseconds since its start, and progress. */
  readonly way: readonly (readonly [number, number])[]
}

/**
 * One task as it is now: of use as it stands, and brought to life by the browser. What grows while it
 * lives stands below what doesn't, so that nothing jumps.
 */
export function taskPage(assets: Assets, task: TaskBody, { file, way }: TaskExtras): string {
  const now = Date.now()
  const { isLive, percent } = describe(task, now)
  const result = panel('result', 'Result', resultOf(task, file), {
    isHidden: task.result === null && !file,
  })
  return layout(assets, {
    title: [isLive ? percent || task.status : task.status, task.type].join(' '),
    script: 'task_main.js',
    isNarrow: true,
    bar: html`<a href="/">All tasks</a>`,
    head: isLive
      ? html`<noscript><meta http-equiv="refresh" content="${REFRESH}" /></noscript>`
      : undefined,
    body: html`<article class="task" id="task" data-status="${task.status}">
        ${heading(task, isLive)} ${state(task, now)}
        <div class="panels">
          <div>
            ${!isLive && result} ${plot(way)} ${'logs' in task.links && log} ${isLive && result}
          </div>
          <div>
            ${panel('input', 'Input', json(task.input))}
            ${panel(
              'attempts',
              'Attempts',
              html`<ol class="timeline" id="timeline">
                ${times(task, now)}
              </ol>`
            )}
          </div>
        </div>
      </article>
      ${confirmation} ${jsonBlock('task-data', task)}`,
  })
}

function plot(way: TaskExtras['way']): Html {
  return panel(
    'plot',
    'Progress over time',
    html`<p class="legend num" id="expected"></p>
      <div id="plot" class="plot" data-way="${JSON.stringify(way)}"></div>`
  )
}

const log = panel(
  'log',
  'Log',
  html`<div
    class="log"
    id="log"
    role="log"
    aria-labelledby="log-title"
    tabindex="0"
    data-empty="No lines yet"
  ></div>`
)

function resultOf({ result, links }: TaskBody, file: TaskExtras['file']): Html {
  const download =
    file &&
    html`<a class="button" href="${links.result}" download
      >Download ${file.name} (${size(file.size)})</a
    >`
  return html`<div id="result">${download} ${(!file || result !== null) && json(result)}</div>`
}

function panel(name: string, title: string, body: Html, { isHidden = false } = {}): Html {
  return html`<section
    class="panel ${name}-panel"
    id="${name}-panel"
    aria-labelledby="${name}-title"
    ${isHidden && hidden}
  >
    <h2 id="${name}-title">${title}</h2>
    ${body}
  </section>`
}

function heading({ id, type, retryOf, status }: TaskBody, isLive: boolean): Html {
  return html`<header class="task-head">
      <div>
        <h1>${type}</h1>
        <p class="meta">
          <code class="id">${id}</code
          >${retryOf !== null && html` · retry of <a href="/tasks/${retryOf}"><code>${retryOf.slice(0, 8)}</code></a>`}
        </p>
      </div>
      <div class="actions" id="actions">
        <button type="button" data-action="cancel" ${!isLive && hidden}>Cancel</button>
        <button type="button" data-action="retry" ${(isLive || status === 'completed') && hidden}>
          Retry
        </button>
        <button type="button" data-action="delete" class="danger" ${isLive && hidden}>
          Delete
        </button>
      </div>
    </header>
    <p class="problem" id="action-problem" role="alert" hidden></p>`
}

function state(task: TaskBody, now: number): Html {
  const about = describe(task, now)
  const value = about.bar !== null && html` value="${about.bar}"`
  const figures = Object.entries(figuresOf(task, now, utc))
  return html`<section
    class="now"
    id="now"
    aria-label="State"
    ${about.isLive && html`data-reserves`}
  >
    <p class="state-line">
      <span class="status" id="status">${task.status}</span
      ><span class="aside num" id="aside"
        >${isRetrying(task) ? nextAttempt(task, now) : about.health}</span
      ><span class="percent num" id="percent">${about.percent}</span>
    </p>
    <progress id="progress" max="100" ${value} aria-label="Progress">${about.percent}</progress>
    <div class="said">
      <p class="message" id="message">${task.error ? '' : about.message}</p>
      <div class="failure" id="failure" tabindex="0" ${!task.error && hidden}>
        <code>${task.error?.code}</code> <span>${task.error?.message}</span>
      </div>
    </div>
    <dl class="figures">
      ${figures.map(
        ([key, [name, text]]) =>
          html`<div data-figure="${key}">
            <dt>${name}</dt>
            <dd class="num">${text}</dd>
          </div> `
      )}
    </dl>
  </section>`
}

/** As far as the task itself tells; its log knows more. */
function times(task: TaskBody, now: number): Html[] {
  const { attempt, createdAt, startedAt, finishedAt, status } = task
  const line = (kind: string, name: string, time: string | null) =>
    html`<li data-kind="${kind}">
      <span>${name}</span>
      ${time !== null && html`<time datetime="${time}">${utc(time, now)}</time>`}
    </li> `
  const attempts = Array.from({ length: attempt }, (_, index) =>
    index + 1 < attempt
      ? line('failed', `attempt ${index + 1}`, null)
      : line('attempt', `attempt ${index + 1}`, startedAt)
  )
  return [
    line('queued', 'queued', createdAt),
    ...attempts,
    ...(finishedAt ? [line(status, status, finishedAt)] : []),
  ]
}

function json(value: unknown): Html {
  return html`<pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>`
}

const confirmation = html`<dialog class="confirm" id="confirm" aria-labelledby="confirm-title">
  <form method="dialog">
    <h2 id="confirm-title">Delete this task?</h2>
    <p>Its input, result, files and log are gone for good. Its id stays taken.</p>
    <footer>
      <button value="keep" autofocus>Keep it</button
      ><button value="delete" class="danger filled">Delete</button>
    </footer>
  </form>
</dialog>`

/** What there is instead of a task that can't be shown. */
export function missingPage(assets: Assets, { title, detail }: { title: string; detail: string }) {
  return layout(assets, {
    title,
    body: html`<div class="empty">
      <h1>${title}</h1>
      <p>${detail}</p>
      <p><a href="/">All tasks</a></p>
    </div>`,
  })
}
