// What became of every slot: asked for now and then, shown as strips, shares and incidents.

import { ApiError, history, incidents } from './client.js';
import { showIncidents } from './incidents.js';
import { find, write } from './nodes.js';
import { Strip } from './strip.js';

/** @import {History, SourceHistory, WorkerStatus} from './client.js' */

const AGAIN_MS = 300_000; // a bucket is a quarter of an hour
const DAY_MS = 86_400_000;
const BUCKETS = 96;
const DAYS = [1, 7, 30, 90];
const INCIDENT_DAYS = 7;

export class HistoryView {
  #note = find(document, '#history-note', HTMLElement);
  #strips = find(document, '#strips', HTMLElement);
  /** @type {Map<string, Strip>} */ #views = new Map();
  #askedMs = -Infinity;
  #code = '';

  /**
   * Ask where what is shown is old, or the verdict has changed since.
   * @param {WorkerStatus} status
   * @param {number} nowMs
   */
  show({ current_time: now, diagnosis: { code } }, nowMs) {
    if (nowMs - this.#askedMs < AGAIN_MS && code === this.#code) return;
    this.#askedMs = nowMs;
    this.#code = code;
    void this.#ask(Date.parse(now));
  }

  /** @param {number} now milliseconds, by the server's clock */
  async #ask(now) {
    const from = (/** @type {number} */ days) => new Date(now - days * DAY_MS).toISOString();
    const windows = DAYS.map((days, index) => history({ from: from(days), buckets: index ? 1 : BUCKETS }));
    const spans = await Promise.all(windows.map(orNull));
    this.#draw(spans);
    showIncidents(await orNull(incidents({ from: from(INCIDENT_DAYS) })));
  }

  /** @param {(History | null)[]} spans of the days, in their order */
  #draw(spans) {
    const [day] = spans;
    if (day) this.#note.hidden = true;
    else write(this.#note, 'History is not available now.');
    for (const source of day?.sources ?? []) {
      const view = this.#views.get(source.source) ?? new Strip(this.#strips);
      this.#views.set(source.source, view);
      view.show(source, DAYS.map((days, index) => ({ days, history: named(spans[index], source) })), day);
    }
  }
}

/**
 * @param {History | null | undefined} span
 * @param {SourceHistory} source
 */
function named(span, { source }) {
  return span?.sources.find((each) => each.source === source) ?? null;
}

/**
 * What can't be had is not shown; the parts that can be are.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T | null>}
 */
async function orNull(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}
