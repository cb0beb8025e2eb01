// One bucket of a source's history, as a bar and in words. Height differs as well as colour.

import { milliseconds, utc } from './words.js';

/** @import {Bucket} from './client.js' */

export const WIDTH = 4; // of a bar with its gap, in the drawing's units
export const HEIGHT = 16;
const GAP = 1;
const WRITTEN = 12; // height if all was written; only a failure reaches the top
const STUB = 3; // height if nothing is known
const DAY_S = 86_400;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * Draw all bars of a strip with one path for each kind: a node for each bar would slow every tick.
 * @param {Bucket[]} buckets
 * @returns {SVGPathElement[]}
 */
export function drawBars(buckets) {
  /** @type {Map<string, string>} */ const paths = new Map();
  buckets.forEach(({ expected, ok, failed }, index) => {
    const full = failed ? WRITTEN - STUB : WRITTEN; // even the smallest failure is visible
    const height = ok ? STUB + (full - STUB) * (ok / Math.max(ok, expected)) : 0;
    const add = (/** @type {string} */ kind, /** @type {number} */ top, /** @type {number} */ high) => {
      const left = index * WIDTH + GAP / 2;
      const bar = `M${left} ${(HEIGHT - top).toFixed(2)}h${WIDTH - GAP}v${high.toFixed(2)}h${GAP - WIDTH}Z`;
      paths.set(kind, (paths.get(kind) ?? '') + bar);
    };
    if (failed) add('failed', HEIGHT, HEIGHT - height);
    if (ok) add('ok', height, height);
    if (!ok && !failed) add(expected ? 'unknown' : 'future', STUB, STUB);
  });
  return [...paths].map(([kind, data]) => path(kind, data));
}

/**
 * Mark the bar that is described.
 * @param {number} index
 */
export function highlight(index) {
  return path('chosen', `M${index * WIDTH} 0h${WIDTH}v${HEIGHT}h-${WIDTH}Z`);
}

/**
 * @param {string} kind
 * @param {string} data
 */
export function path(kind, data) {
  const element = document.createElementNS(SVG, 'path');
  element.setAttribute('class', kind);
  element.setAttribute('d', data);
  return element;
}

/**
 * @param {Bucket} bucket
 * @param {number} lengthS
 * @param {string} now ISO 8601, by the server's clock
 * @returns {string}
 */
export function describe(bucket, lengthS, now) {
  const { start, expected, ok, failed, unknown, latency_p50_ms: p50, latency_p95_ms: p95 } = bucket;
  const span = spanInWords(start, lengthS, now);
  if (!expected) return `${span}: no beats expected`;
  const counts = [`${ok} written`];
  if (failed) counts.push(`${failed} failed`);
  if (unknown) counts.push(`${unknown} unknown`);
  if (p50 !== null && p95 !== null) counts.push(`p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}`);
  return `${span}: ${counts.join(', ')}`;
}

/**
 * @param {string} start ISO 8601
 * @param {number} lengthS
 * @param {string} now ISO 8601
 */
function spanInWords(start, lengthS, now) {
  const end = new Date(Date.parse(start) + lengthS * 1000).toISOString();
  if (lengthS === DAY_S) return start.slice(0, 10);
  if (lengthS > DAY_S) {
    const last = new Date(Date.parse(start) + (lengthS - DAY_S) * 1000).toISOString();
    return `${start.slice(0, 10)} to ${last.slice(0, 10)}`;
  }
  const toTheSecond = lengthS % 60 || Date.parse(start) % 60_000;
  const cut = toTheSecond ? -4 : -7;
  return `${utc(start, now).slice(0, cut)} to ${utc(end, start).slice(0, cut)} UTC`;
}
