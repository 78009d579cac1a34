import type { Assets } from './assets.js'
import { html, type Html } from './html.js'

export interface Layout {
  readonly title: string
  /** The module that brings the page to life. */
  readonly script?: string
  /** Whether all stands in one column of bounded width. */
  readonly isNarrow?: boolean
  readonly head?: Html
  /** What stands in the top bar, at its end. */
  readonly bar?: Html
  readonly body: Html
}

/** A whole document: the top bar, and what the page is about. */
export function layout(
  assets: Assets,
  { title, script, isNarrow, head, bar, body }: Layout
): string {
  const modules = script ? [...assets.modules(script)] : []
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Headway</title>
        <link rel="icon" type="image/svg+xml" href="${assets.url('favicon.svg')}" />
        <link rel="stylesheet" href="${assets.url('page.css')}" />
        ${modules.map((name) => html`<link rel="modulepreload" href="${assets.url(name)}" /> `)}
        ${script && html`<script type="module" src="${assets.url(script)}"></script>`} ${head}
      </head>
      <body ${isNarrow && html`class="narrow"`}>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/"
            ><svg viewBox="0 0 16 16" aria-hidden="true">
              <rect x="1" y="3" width="14" height="3" rx="1.5" />
              <rect x="1" y="10" width="9" height="3" rx="1.5" /></svg
            >Headway</a
          >
          ${script && html`<p class="freshness" id="freshness" data-state="catching-up" role="status">catching up</p>`}
          ${bar}
        </header>
        <main id="main" tabindex="-1">${body}</main>
        <div id="announcer" class="hidden" role="status" aria-live="polite"></div>
      </body>
    </html> `.text
}
