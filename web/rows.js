// One row for each source that the API sends, and one for the identity.

import { ageInIntervals, ageS, freshnessOf, isOff } from './freshness.js';
import { copy, find, mark, write } from './nodes.js';
import { local, milliseconds, plain, secondsBetween, span, utc } from './words.js';

/** @import {IamRow, Row, WorkerStatus} from './client.js' */

const METER_INTERVAL = 100; // the meter's width of one interval, in its own units
const METER_END = 150;
const AGELESS = { missing: 'never', unreachable: 'unknown' };

export class Rows {
  #body = find(document, '#rows', HTMLElement);
  /** @type {Map<string, RowView>} */ #views = new Map();

  /**
   * @param {WorkerStatus} status
   * @param {number} elapsedS seconds since it came
   */
  show(status, elapsedS) {
    const rows = { ...status.timestamps, iam: status.iam };
    for (const [name, view] of this.#views) {
      if (!(name in rows)) view.element.remove();
      if (!(name in rows)) this.#views.delete(name);
    }
    for (const [name, row] of Object.entries(rows)) this.#view(name).show(row, status, elapsedS);
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
   */
  show(row, status, elapsedS) {
    const freshness = freshnessOf(row, elapsedS);
    const off = isOff(row);
    mark(this.element, 'data-freshness', freshness);
    mark(this.element, 'data-off', String(off));
    mark(this.#shape, 'href', `#shape-${off ? 'off' : freshness}`);
    write(this.#title, row.title);
    write(this.#endpoint, row.endpoint ?? '');
    write(this.#word, off ? 'switched off' : word(row, freshness));
    write(this.#facts, off ? '' : facts(row, status, elapsedS).join(' · '));
    write(this.#age, off ? '' : age(row, freshness, elapsedS));
    const filled = Math.min(METER_END, (ageInIntervals(row, elapsedS) ?? 0) * METER_INTERVAL);
    mark(this.#fill, 'width', filled.toFixed(1));
    this.#showTimes(row.last_update, status.current_time);
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
 * @param {Row | IamRow} row
 * @param {ReturnType<typeof freshnessOf>} freshness
 */
function word(row, freshness) {
  const why = row.error && row.error !== freshness ? `: ${plain(row.error)}` : '';
  return `${freshness}${why}`;
}

/**
 * @param {Row | IamRow} row
 * @param {ReturnType<typeof freshnessOf>} freshness
 * @param {number} elapsedS
 */
function age(row, freshness, elapsedS) {
  const seconds = ageS(row, elapsedS);
  if (seconds !== null) return `${span(seconds)} ago`;
  return freshness === 'missing' || freshness === 'unreachable' ? AGELESS[freshness] : '';
}

/**
 * What is known besides: of the identity its terms, of a store the worker's last word.
 * @param {Row | IamRow} row
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function facts(row, status, elapsedS) {
  const answered = row.latency_ms !== null && row.freshness !== 'unreachable';
  const read = answered ? [`read in ${milliseconds(row.latency_ms ?? 0)}`] : [];
  return 'breaker' in row ? [...lastWord(row), ...read] : [...terms(row, status, elapsedS), ...read];
}

/** @param {Row} row */
function lastWord({ last_result: result, warning, consecutive_failures: failures, breaker }) {
  const said = [];
  if (result && result !== 'ok') said.push(`last write: ${plain(result)}`);
  if (failures > 1) said.push(`${failures} failures in a row`);
  if (breaker !== 'closed') said.push(`breaker ${plain(breaker)}`);
  if (warning) said.push(`the value is not written: ${plain(warning)}`);
  return said;
}

/**
 * @param {IamRow} row
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function terms(row, { current_time: now }, elapsedS) {
  const left = (/** @type {string} */ end) => secondsBetween(now, end) - elapsedS;
  const said = [];
  if (row.refusal) said.push(`refused: ${plain(row.refusal)}`);
  if (row.credentials_created) said.push(`credentials made ${span(-left(row.credentials_created))} ago`);
  if (row.credentials_expiry) said.push(ending('expire', 'expired', left(row.credentials_expiry)));
  if (row.certificate_expiry) said.push(ending('certificate ends', 'certificate ended', left(row.certificate_expiry)));
  return said;
}

/**
 * @param {string} will
 * @param {string} did
 * @param {number} leftS
 */
function ending(will, did, leftS) {
  return leftS > 0 ? `${will} in ${span(leftS)}` : `${did} ${span(-leftS)} ago`;
}
