// One row for each source that the API sends, and one for the identity.

import { ageInWords, factsOf, stateInWords, stateOf } from './facts.js';
import { ageInIntervals, freshnessOf } from './freshness.js';
import { copy, find, mark, write, writeParts } from './nodes.js';
import { local, utc } from './words.js';

/** @import {IamRow, Row, WorkerStatus} from './client.js' */

const SHAPES = {
  fresh: 'fresh', aging: 'aging', stale: 'stale', missing: 'missing', unreachable: 'unreachable',
  wrong: 'unreachable', partly: 'stale', past: 'missing', unread: 'waiting', off: 'off',
};
const METER_INTERVAL = 100; // the meter's width of one interval, in its own units
const METER_END = 150;
const METER_STEP = 5; // three seconds of a minute; finer steps would cost as much as the ages

export class Rows {
  #body = find(document, '#rows', HTMLElement);
  /** @type {Map<string, RowView>} */ #views = new Map();

  /**
   * @param {WorkerStatus} status
   * @param {number} elapsedS seconds since it came
   * @param {boolean} known whether it is still valid
   */
  show(status, elapsedS, known) {
    const rows = { ...status.timestamps, iam: status.iam };
    for (const [name, view] of this.#views) {
      if (!(name in rows)) view.element.remove();
      if (!(name in rows)) this.#views.delete(name);
    }
    for (const [name, row] of Object.entries(rows)) {
      this.#view(name).show(row, status, elapsedS, known);
    }
  }

  /** @param {string} name */
  #view(name) {
    const known = this.#views.get(name);
    if (known) return known;
    const view = new RowView(name);
    this.#views.set(name, view);
    this.#body.append(view.element);
    return view;
  }
}

class RowView {
  element = copy('row');
  #shape = find(this.element, 'use', SVGUseElement);
  #fill = find(this.element, '.fill', SVGRectElement);
  #title = this.#part('title');
  #endpoint = this.#part('endpoint');
  #word = this.#part('word');
  #facts = this.#part('facts');
  #age = this.#part('age');
  #utc = this.#part('utc');
  #local = this.#part('local');

  /** @param {string} name */
  constructor(name) {
    this.element.dataset.source = name;
  }

  /** @param {string} name */
  #part(name) {
    return find(this.element, `[data-part=${name}]`, HTMLElement);
  }

  /**
   * @param {Row | IamRow} row
   * @param {WorkerStatus} status
   * @param {number} elapsedS
   * @param {boolean} known
   */
  show(row, status, elapsedS, known) {
    const freshness = freshnessOf(row, elapsedS);
    const state = stateOf(row, freshness, known);
    const off = state === 'off';
    mark(this.element, 'data-freshness', freshness);
    mark(this.element, 'data-off', String(off));
    mark(this.element, 'data-state', state);
    mark(this.#shape, 'href', `#shape-${SHAPES[state]}`);
    write(this.#title, row.title);
    writeParts(this.#endpoint, row.endpoint ?? '');
    write(this.#word, stateInWords(row, state));
    write(this.#facts, off ? '' : factsOf(row, status, elapsedS).join(' · '));
    write(this.#age, off ? '' : ageInWords(row, state, status.current_time, elapsedS));
    mark(this.#fill, 'width', String(filled(row, elapsedS)));
    this.#showTimes(row.last_update ?? row.last_known_update, status.current_time);
  }

  /**
   * @param {string | null} stamp
   * @param {string} now the server's clock
   */
  #showTimes(stamp, now) {
    const shown = stamp ?? '';
    write(this.#utc, stamp ? utc(stamp, now) : '');
    if (this.#local.getAttribute('datetime') === shown) return;
    write(this.#local, stamp ? local(stamp) : '');
    for (const time of [this.#utc, this.#local]) time.setAttribute('datetime', shown);
  }
}

/**
 * How far the meter is filled, in whole steps.
 * @param {Row | IamRow} row
 * @param {number} elapsedS
 */
function filled(row, elapsedS) {
  const width = (ageInIntervals(row, elapsedS) ?? 0) * METER_INTERVAL;
  return Math.min(METER_END, Math.floor(width / METER_STEP) * METER_STEP);
}
