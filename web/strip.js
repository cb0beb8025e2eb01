// One source's last day, a bar for each span of time; with pointer or arrow keys each tells what it is.

import { HEIGHT, WIDTH, drawn, told } from './bucket.js';
import { copy, find, write } from './nodes.js';
import { percent, utc } from './words.js';

/** @import {Bucket, History, SourceHistory} from './client.js' */

const STEPS = new Map(Object.entries({
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -8, PageUp: 8,
  Home: -Infinity, End: Infinity,
}));
const WELL_KNOWN = 0.995; // the share of known slots under which an uptime alone would mislead

/** @typedef {{days: number, history: SourceHistory | null}} Window */

export class Strip {
  #element = copy('strip');
  #bars = find(this.#element, '.bars', HTMLElement);
  #drawing = find(this.#element, 'svg', SVGSVGElement);
  #readout = find(this.#element, '.readout', HTMLElement);
  /** @type {Bucket[]} */ #buckets = [];
  #seconds = 0;
  #now = '';
  #at = 0;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    parent.append(this.#element);
    this.#bars.addEventListener('keydown', (event) => this.#step(event));
    this.#bars.addEventListener('focus', () => this.#choose(this.#at));
    this.#bars.addEventListener('blur', () => this.#leave());
    this.#bars.addEventListener('pointermove', (event) => this.#point(event));
    this.#bars.addEventListener('pointerleave', () => this.#leave());
  }

  /**
   * @param {SourceHistory} source
   * @param {Window[]} windows
   * @param {History | null | undefined} day
   */
  show({ source, title, buckets }, windows, day) {
    this.#element.dataset.history = source;
    this.#buckets = buckets;
    this.#seconds = day?.bucket_seconds ?? 0;
    this.#now = day?.end ?? '';
    this.#at = Math.max(0, buckets.length - 1);
    write(find(this.#element, 'h3', HTMLElement), title);
    this.#bars.setAttribute('aria-label', `${title}, the last 24 hours`);
    this.#bars.setAttribute('aria-valuemax', String(this.#at));
    find(this.#element, '.uptimes', HTMLElement).replaceChildren(...windows.map(uptime));
    this.#drawing.setAttribute('viewBox', `0 0 ${buckets.length * WIDTH} ${HEIGHT}`);
    this.#drawing.replaceChildren(...buckets.map(drawn));
    this.#leave();
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const step = STEPS.get(event.key);
    if (step === undefined) return;
    event.preventDefault();
    this.#choose(this.#at + step);
  }

  /** @param {PointerEvent} event */
  #point({ clientX }) {
    const { left, width } = this.#drawing.getBoundingClientRect();
    this.#choose(Math.floor(((clientX - left) / width) * this.#buckets.length));
  }

  /** @param {number} index */
  #choose(index) {
    this.#at = Math.min(this.#buckets.length - 1, Math.max(0, index));
    const bucket = this.#buckets[this.#at];
    if (!bucket) return;
    const text = told(bucket, this.#seconds, this.#now);
    this.#bars.setAttribute('aria-valuenow', String(this.#at));
    this.#bars.setAttribute('aria-valuetext', text);
    write(this.#readout, text);
    this.#drawing.querySelectorAll('g').forEach((bar, at) => bar.classList.toggle('chosen', at === this.#at));
  }

  /** A strip that is read with the keyboard keeps its place. */
  #leave() {
    this.#choose(this.#at);
    if (document.activeElement === this.#bars) return;
    write(this.#readout, '');
    this.#drawing.querySelector('.chosen')?.classList.remove('chosen');
  }
}

/** @param {Window} window */
function uptime({ days, history }) {
  const known = history?.uptime_known == null ? 1 : (history.ok + history.failed) / history.expected;
  const item = document.createElement('div');
  item.append(
    text('dt', days === 1 ? '24 h' : `${days} d`),
    text('dd', history?.uptime_known == null ? '–' : percent(history.uptime_known)),
    text('dd', known < WELL_KNOWN ? `of ${Math.floor(known * 100)} % known` : ''),
  );
  return item;
}

/**
 * @param {'dt' | 'dd'} tag
 * @param {string} content
 */
function text(tag, content) {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
