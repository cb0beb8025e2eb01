// The verdict: as headline, title and icon, and announced to screen readers when it changes.

import { copy, find, mark, write } from './nodes.js';
import { secondsBetween, span, utc } from './words.js';

/** @import {Finding, WorkerStatus} from './client.js' */
/** @import {Verdict} from './verdict.js' */

const SHAPES = {
  ok: 'fresh', degraded: 'stale', error: 'unreachable', lost: 'missing', waiting: 'waiting',
};
const MARKS = { ok: '✓', degraded: '△', error: '✕', lost: '?', waiting: '…' };
const ICONS = {
  ok: icon('#178a57', '<circle cx="16" cy="16" r="15"/>', 'm9 16.5 5 5 9-10.5'),
  degraded: icon('#d08700', '<path d="M16 2 31.5 29H.5Z"/>', 'M16 12v8m0 4.2v.3'),
  error: icon('#cf2b24', '<path d="M10 1h12l9 9v12l-9 9H10l-9-9V10Z"/>', 'm10.5 10.5 11 11m0-11-11 11'),
  lost: icon('#59636e', '<rect x="1" y="1" width="30" height="30" rx="6"/>', 'M12 12.5a4.5 4.5 0 1 1 6 4.3c-1.3.5-2 1.5-2 2.7m0 4.5v.3'),
  waiting: icon('#8b949e', '<circle cx="16" cy="16" r="15"/>', 'M9 16h.1M16 16h.1M23 16h.1'),
};

/**
 * @param {string} colour
 * @param {string} shape
 * @param {string} line
 */
function icon(colour, shape, line) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="${colour}">${shape}`
    + `<path d="${line}" fill="none" stroke="#fff" stroke-width="3.6" stroke-linecap="round" `
    + 'stroke-linejoin="round"/></svg>';
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const NAME = [document.documentElement.dataset.deployment, 'Heartbeat'].filter(Boolean).join(' · ');

export class Masthead {
  #headline = find(document, '#headline', HTMLElement);
  #remedy = find(document, '#remedy', HTMLElement);
  #runbook = find(document, '#runbook', HTMLAnchorElement);
  #notes = find(document, '#notes', HTMLElement);
  #others = find(document, '#others', HTMLElement);
  #since = find(document, '#since', HTMLElement);
  #shape = find(document, '.verdict use', SVGUseElement);
  #announcement = find(document, '#announcement', HTMLElement);
  #icon = find(document, 'link[rel=icon]', HTMLLinkElement);
  /** @type {string | null} */ #announced = null;
  #listed = '';

  /**
   * @param {Verdict} verdict
   * @param {WorkerStatus | null} status
   * @param {number} elapsedS seconds since it came
   */
  show(verdict, status, elapsedS) {
    const { tone, word, headline, finding, notes } = verdict;
    mark(document.body, 'data-tone', tone);
    mark(this.#shape, 'href', `#shape-${SHAPES[tone]}`);
    mark(this.#icon, 'href', ICONS[tone]);
    const title = tone === 'ok' ? `${MARKS.ok} ${NAME}` : `${MARKS[tone]} ${word} · ${NAME}`;
    if (document.title !== title) document.title = title;
    write(this.#headline, headline);
    write(this.#remedy, finding?.remedy ?? '');
    hide(this.#runbook, finding === null);
    if (finding) mark(this.#runbook, 'href', runbook(finding));
    write(this.#notes, notes.join(' '));
    this.#list(verdict, status?.current_time ?? '');
    write(this.#since, status ? since(verdict, status, elapsedS) : '');
    this.#announce(verdict);
  }

  /**
   * List what else is wrong; a remedy that was shown before is not repeated.
   * @param {Verdict} verdict
   * @param {string} now the server's clock
   */
  #list({ finding, others }, now) {
    const listed = JSON.stringify(others);
    if (listed === this.#listed) return;
    this.#listed = listed;
    const shown = new Set([finding?.remedy ?? null]);
    this.#others.replaceChildren(...others.map((other) => {
      const element = copy('finding');
      const part = (/** @type {string} */ name) => find(element, `[data-part=${name}]`, HTMLElement);
      write(part('title'), other.title);
      if (other.since) write(part('since'), `since ${utc(other.since, now)}`);
      if (!shown.has(other.remedy)) write(part('remedy'), other.remedy ?? '');
      mark(part('runbook'), 'href', runbook(other));
      shown.add(other.remedy);
      return element;
    }));
    hide(this.#others, others.length === 0);
  }

  /**
   * Announce a change of verdict, not each new count of seconds.
   * @param {Verdict} verdict
   */
  #announce({ tone, word, headline }) {
    const verdict = `${tone} ${word}`;
    if (tone === 'waiting' || verdict === this.#announced) return;
    this.#announced = verdict;
    write(this.#announcement, headline);
  }
}

/** @param {Finding} finding */
function runbook({ runbook: anchor }) {
  return `docs/runbook#${anchor}`;
}

/**
 * @param {HTMLElement} element
 * @param {boolean} hidden
 */
function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/**
 * @param {Verdict} verdict
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function since({ tone, since: from }, { current_time: now }, elapsedS) {
  if (!from) return '';
  const lasting = span(secondsBetween(from, now) + elapsedS);
  return `${tone === 'lost' ? 'The last good answer came' : 'Since'} ${utc(from, now)}, ${lasting} ago`;
}
