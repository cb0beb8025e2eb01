// One span of a source's history: as a bar, told apart by height as well as by colour, and in words.

import { milliseconds, utc } from './words.js';

/** @import {Bucket} from './client.js' */

export const WIDTH = 4; // of a bar with its gap, in the drawing's units
export const HEIGHT = 16;
const GAP = 1;
const WRITTEN = 12; // a bar in which all was written; only a failure reaches the top
const STUB = 3; // a bar of which nothing is known
const DAY_S = 86_400;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Bucket} bucket
 * @param {number} index
 * @returns {SVGGElement}
 */
export function drawn({ expected, ok, failed }, index) {
  const group = document.createElementNS(SVG, 'g');
  const full = failed ? WRITTEN - STUB : WRITTEN; // so that the smallest failure can be seen
  const height = ok ? STUB + (full - STUB) * (ok / Math.max(ok, expected)) : 0;
  if (failed) group.append(bar('failed', index, HEIGHT, HEIGHT - height));
  if (ok) group.append(bar('ok', index, height, height));
  if (!ok && !failed) group.append(bar(expected ? 'unknown' : 'future', index, STUB, STUB));
  return group;
}

/**
 * @param {string} kind
 * @param {number} index
 * @param {number} top from the ground up
 * @param {number} height
 */
function bar(kind, index, top, height) {
  const rect = document.createElementNS(SVG, 'rect');
  rect.setAttribute('class', kind);
  rect.setAttribute('x', String(index * WIDTH + GAP / 2));
  rect.setAttribute('y', (HEIGHT - top).toFixed(2));
  rect.setAttribute('width', String(WIDTH - GAP));
  rect.setAttribute('height', height.toFixed(2));
  return rect;
}

/**
 * @param {Bucket} bucket
 * @param {number} lengthS
 * @param {string} now ISO 8601, by the server's clock
 * @returns {string}
 */
export function told(bucket, lengthS, now) {
  const { start, expected, ok, failed, unknown, latency_p50_ms: p50, latency_p95_ms: p95 } = bucket;
  const span = inWords(start, lengthS, now);
  if (!expected) return `${span}: nothing was due`;
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
function inWords(start, lengthS, now) {
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
