// Which history is shown: a range or a span of it, kept in the page's address.

/** @import {Range} from './client.js' */

/** @type {Record<Range, string>} */
export const RANGES = {
  '24h': '24 hours', '7d': '7 days', '30d': '30 days', '90d': '90 days', '1y': 'year',
};
/** @type {Range} */
const USUAL = '24h';

/**
 * @typedef {Object} Shown
 * @property {Range} range
 * @property {string | null} from ISO 8601, of a span inside the range
 * @property {string | null} to
 */

export class View {
  /** @type {Shown} */ shown = read();
  #onChange;

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    addEventListener('popstate', () => {
      const before = JSON.stringify(this.shown);
      this.shown = read();
      if (JSON.stringify(this.shown) !== before) onChange();
    });
  }

  /** @param {Shown} shown */
  open(shown) {
    this.shown = shown;
    history.pushState(null, '', address(shown));
    this.#onChange();
  }
}

/**
 * The address of a range or span; everything else in this page's address stays.
 * @param {Shown} shown
 */
export function address({ range, from, to }) {
  const url = new URL(location.href);
  url.hash = '';
  const values = { range: range === USUAL ? null : range, from, to };
  for (const [name, value] of Object.entries(values)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
}

/** @returns {Shown} from the address; invalid values are ignored */
function read() {
  const query = new URLSearchParams(location.search);
  const [range, from, to] = ['range', 'from', 'to'].map((name) => query.get(name));
  const known = isRange(range) ? range : USUAL;
  const isSpan = from && to && Date.parse(from) < Date.parse(to);
  return isSpan ? { range: known, from, to } : { range: known, from: null, to: null };
}

/**
 * @param {string | null | undefined} word
 * @returns {word is Range}
 */
function isRange(word) {
  return word != null && word in RANGES;
}
