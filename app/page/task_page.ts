import { layout } from './layout.js'
import type { Assets } from './assets.js'
import { utc } from './browser/format.js'
import { describe, type TaskBody } from './browser/describe.js'
import { html, jsonBlock, type Html } from './html.js'

const hidden = html` hidden`

/** Seconds between two looks of a browser without JavaScript. */
const REFRESH = 2

/** One task as it is now: of use as it stands, and brought to life by the browser. */
export function taskPage(assets: Assets, task: TaskBody): string {
  const now = Date.now()
  const { isLive, percent } = describe(task, now)
  const hasLog = 'logs' in task.links
  return layout(assets, {
    title: [isLive ? percent : task.status, task.type].filter(Boolean).join(' '),
    script: 'task_main.js',
    bar: html`<a href="/">All tasks</a>`,
    head: isLive
      ? html`<noscript><meta http-equiv="refresh" content="${REFRESH}" /></noscript>`
      : undefined,
    body: html`<article class="task" id="task" data-status="${task.status}">
        ${heading(task, isLive)} ${state(task, now)}
        <div class="panels">
          <div>
            ${isLive && panel('plot', 'Progress over time', html`<div id="plot" class="plot"></div>`)}
            ${panel('result', 'Result', html`<div id="result">${json(task.result)}</div>`, {
              isHidden: task.result === null,
            })}
            ${
              hasLog &&
              panel(
                'log',
                'Log',
                html`<div
                  class="log"
                  id="log"
                  role="log"
                  aria-labelledby="log-title"
                  tabindex="0"
                ></div>`
              )
            }
          </div>
          <div>
            ${panel(
              'attempts',
              'Attempts',
              html`<ol class="timeline" id="timeline">
                ${times(task)}
              </ol>`
            )}
            ${panel('input', 'Input', json(task.input))}
          </div>
        </div>
      </article>
      ${confirmation} ${jsonBlock('task-data', task)}`,
  })
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
  const figure = (key: keyof typeof about, label: string) =>
    html`<div data-figure="${key}">
      <dt>${label}</dt>
      <dd class="num">${about[key]}</dd>
    </div> `
  return html`<section class="now" aria-label="State">
    <p class="state-line">
      <span class="status" id="status">${task.status}</span
      ><span class="percent num" id="percent">${about.percent}</span>
    </p>
    <progress id="progress" max="100" ${value} aria-label="Progress">${about.percent}</progress>
    <p class="message" id="message">${task.error ? '' : about.message}</p>
    <div class="failure" id="failure" ${!task.error && hidden}>
      <code>${task.error?.code}</code> <span>${task.error?.message}</span>
    </div>
    <dl class="figures">
      ${figure('elapsed', 'Elapsed')}${figure('eta', 'Remaining')}${figure('rate', 'Rate')}${figure('amount', 'Done')}${figure('attempt', 'Attempt')}${figure('health', 'Health')}
    </dl>
  </section>`
}

function times({ createdAt, startedAt, finishedAt, status }: TaskBody): Html[] {
  const line = (name: string, time: string) =>
    html`<li data-kind="${name}">
      <span>${name}</span> <time datetime="${time}">${utc(time)}</time>
    </li> `
  return [
    line('queued', createdAt),
    ...(startedAt ? [line('started', startedAt)] : []),
    ...(finishedAt ? [line(status, finishedAt)] : []),
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
      ><button value="delete" class="danger">Delete</button>
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
