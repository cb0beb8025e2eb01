// The history of a range: loaded from time to time, and shown as strips and incidents.

import { ApiError, history, incidents } from './client.js';
import { IncidentList } from './incidents.js';
import { find, write } from './nodes.js';
import { Ranges } from './ranges.js';
import { Strip } from './strip.js';
import { View } from './view.js';
import { clockUtc } from './words.js';

/** @import {History, WorkerStatus} from './client.js' */

const AGAIN_MS = 300_000; // a bucket is a quarter of an hour
const FINEST_S = 2 * 3600; // a span this short is shown slot by slot
const SLOTS_LIMIT = 720; // as many as a wide screen can tell apart
const SPAN_BUCKETS = 48; // of a longer span

export class HistoryView {
  #note = find(document, '#history-note', HTMLElement);
  #ends = find(document, '#ends', HTMLElement);
  #strips = find(document, '#strips', HTMLElement);
  /** @type {Map<string, Strip>} */ #views = new Map();
  #view = new View(() => this.#change());
  #ranges = new Ranges(this.#view);
  #incidents = new IncidentList(this.#view, () => this.renew());
  /** @type {History | null} */ #known = null;
  #loadedMs = -Infinity;
  #code = '';
  #requests = 0;

  /**
   * Load the history again where it is old, or the verdict has changed since.
   * @param {WorkerStatus} status
   * @param {number} elapsedS seconds since it came
   * @param {number} nowMs
   */
  show({ current_time: now, diagnosis: { code } }, elapsedS, nowMs) {
    this.#incidents.tick(Date.parse(now) + elapsedS * 1000);
    // The end of `starting` changes nothing in the past.
    const changed = code !== this.#code && this.#code !== 'starting';
    if (nowMs - this.#loadedMs < AGAIN_MS && !changed) {
      this.#code = code;
      return;
    }
    this.#loadedMs = nowMs;
    this.#code = code;
    void this.#load();
  }

  /** Load again with the next tick, on a person's request. */
  renew() {
    this.#loadedMs = -Infinity;
  }

  #change() {
    this.#ranges.show();
    this.#incidents.forget();
    void this.#load();
  }

  /** Request both; ignore an answer that a newer request has overtaken. */
  async #load() {
    this.#requests += 1;
    const request = this.#requests;
    const { range, from, to } = this.#view.shown;
    const span = from && to ? { from, to } : { range };
    const query = from && to ? { ...span, buckets: this.#bucketsOf(from, to) } : span;
    const [past, listed] = await Promise.all([
      orNull(history(query)),
      orNull(incidents({ ...span, limit: this.#incidents.limit })),
    ]);
    if (request !== this.#requests) return;
    this.#draw(past);
    this.#incidents.show(listed);
  }

  /**
   * @param {string} from ISO 8601
   * @param {string} to ISO 8601
   */
  #bucketsOf(from, to) {
    const lengthS = (Date.parse(to) - Date.parse(from)) / 1000;
    if (lengthS <= FINEST_S) {
      return Math.min(SLOTS_LIMIT, Math.ceil(lengthS / (this.#known?.interval_seconds ?? 60)));
    }
    const hours = lengthS / 3600;
    return hours <= SPAN_BUCKETS ? Math.ceil(hours) : Math.ceil(hours / 24);
  }

  /** @param {History | null} past null if it is not available now: what is known stays, with its date */
  #draw(past) {
    if (past) this.#known = past;
    const since = this.#known ? ` This is as of ${clockUtc(this.#known.as_of)}.` : '';
    write(this.#note, past ? '' : `History is not available now.${since}`);
    this.#note.hidden = past !== null;
    delete this.#note.dataset.loading;
    if (!past) return;
    for (const source of past.sources) {
      const view = this.#views.get(source.source) ?? new Strip(this.#strips, (at) => this.#open(at));
      this.#views.set(source.source, view);
      view.show(source, past, find(document, '#history-title', HTMLElement).textContent ?? '');
    }
    this.#ends.replaceChildren(...[past.start, past.end > past.as_of ? 'now' : past.end].map(end));
  }

  /** @param {number} index of a bar */
  #open(index) {
    const { start = 0, bucket_seconds: seconds = 0, as_of: now = '' } = this.#known ?? {};
    const begin = Date.parse(String(start)) + index * seconds * 1000;
    const hour = begin - (begin % 3_600_000);
    const [from, to] = seconds < 3600 ? [hour, hour + 3_600_000] : [begin, begin + seconds * 1000];
    if (!this.#view.shown.from || seconds >= 3600) {
      const last = Math.min(to, Date.parse(now));
      this.#view.open({ ...this.#view.shown, from: iso(from), to: iso(last) });
    }
  }
}

/** @param {number} ms */
function iso(ms) {
  return new Date(ms).toISOString().replace('.000', '');
}

/** @param {string} moment */
function end(moment) {
  const element = document.createElement('span');
  element.textContent = moment === 'now' ? moment : moment.slice(0, 16).replace('T', ' ');
  return element;
}

/**
 * The promise's value, or null if the API cannot give it now.
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
