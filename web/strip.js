// One source's history as bars. Pointer, finger and arrow keys describe a bar and open its span.

import { HEIGHT, WIDTH, describe, drawBars, highlight } from './bucket.js';
import { CURVE_HEIGHT, curve } from './curve.js';
import { copy, find, write } from './nodes.js';
import { clockUtc, milliseconds, percent } from './words.js';

/** @import {Bucket, History, SourceHistory} from './client.js' */

const STEPS = new Map(Object.entries({
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -8, PageUp: 8,
  Home: -Infinity, End: Infinity,
}));
const WELL_KNOWN = 0.995; // below this share of known time, an uptime alone would mislead

export class Strip {
  #element = copy('strip');
  #bars = find(this.#element, '.bars', HTMLElement);
  #drawing = find(this.#element, '.slots', SVGSVGElement);
  #curve = find(this.#element, '.curve', SVGSVGElement);
  #scale = find(this.#element, '.scale', HTMLElement);
  #readout = find(this.#element, '.readout', HTMLElement);
  /** @type {Bucket[]} */ #buckets = [];
  #seconds = 0;
  #now = '';
  #at = 0;
  #touched = -1;

  /**
   * @param {HTMLElement} parent
   * @param {(index: number) => void} onOpen
   */
  constructor(parent, onOpen) {
    parent.append(this.#element);
    this.#bars.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') onOpen(this.#at);
      else this.#step(event);
    });
    this.#bars.addEventListener('focus', () => this.#choose(this.#at));
    this.#bars.addEventListener('blur', () => this.#leave());
    this.#bars.addEventListener('pointermove', (event) => this.#choose(this.#under(event)));
    this.#bars.addEventListener('pointerleave', () => this.#leave());
    this.#bars.addEventListener('pointerup', (event) => this.#press(event, onOpen));
  }

  /**
   * @param {SourceHistory} source
   * @param {History} past
   * @param {string} title of all strips
   */
  show(source, past, title) {
    const { buckets } = source;
    const isNew = buckets.length !== this.#buckets.length;
    this.#element.dataset.history = source.source;
    this.#buckets = buckets;
    this.#seconds = past.bucket_seconds;
    this.#now = past.as_of;
    if (isNew) this.#at = Math.max(0, buckets.length - 1);
    write(find(this.#element, 'h3', HTMLElement), source.title);
    this.#bars.setAttribute('aria-label', `${source.title}: ${title}`);
    this.#bars.setAttribute('aria-valuemax', String(Math.max(0, buckets.length - 1)));
    find(this.#element, '.uptimes', HTMLElement).replaceChildren(...uptime(source, past));
    const width = buckets.length * WIDTH;
    this.#drawing.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#drawing.replaceChildren(...drawBars(buckets));
    const { parts, highest } = curve(buckets);
    this.#curve.setAttribute('viewBox', `0 0 ${width} ${CURVE_HEIGHT}`);
    this.#curve.replaceChildren(...parts);
    write(this.#scale, highest === null ? '' : `p95 up to ${milliseconds(highest)}`);
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
  #under({ clientX }) {
    const { left, width } = this.#drawing.getBoundingClientRect();
    return Math.floor(((clientX - left) / width) * this.#buckets.length);
  }

  /**
   * Open on click. A finger cannot hover, so its first tap describes and the second opens.
   * @param {PointerEvent} event
   * @param {(index: number) => void} onOpen
   */
  #press(event, onOpen) {
    if (event.button) return;
    this.#choose(this.#under(event));
    const again = this.#touched === this.#at;
    this.#touched = this.#at;
    if (event.pointerType !== 'touch' || again) onOpen(this.#at);
  }

  /** @param {number} index */
  #choose(index) {
    this.#at = Math.min(this.#buckets.length - 1, Math.max(0, index));
    const bucket = this.#buckets[this.#at];
    if (!bucket) return;
    const text = describe(bucket, this.#seconds, this.#now);
    this.#bars.setAttribute('aria-valuenow', String(this.#at));
    this.#bars.setAttribute('aria-valuetext', text);
    write(this.#readout, text);
    this.#drawing.querySelector('.chosen')?.remove();
    this.#drawing.append(highlight(this.#at));
  }

  /** Keep the place of a strip that is read with the keyboard. */
  #leave() {
    this.#choose(this.#at);
    if (document.activeElement === this.#bars) return;
    write(this.#readout, '');
    this.#drawing.querySelector('.chosen')?.remove();
  }
}

/**
 * The share of known time in which writes succeeded, and which time that is.
 * @param {SourceHistory} source
 * @param {History} past
 */
function uptime({ uptime_known: up, first_beat: first, ...lasted }, { start, as_of: now }) {
  const knownS = lasted.ok_seconds + lasted.failed_seconds;
  const known = knownS / (knownS + lasted.unknown_seconds || 1);
  const notes = [];
  if (up !== null && known < WELL_KNOWN) notes.push(`of ${Math.floor(known * 100)} % known`);
  if (first !== null && Date.parse(first) > Date.parse(start)) notes.push(`since ${clockUtc(first, now)}`);
  return [
    text('dt', 'Uptime'),
    text('dd', up === null ? '–' : percent(up)),
    ...notes.map((note) => text('dd', note)),
  ];
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
