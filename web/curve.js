// A source's write latency: the median as a line, the range up to the 95th percentile as a band.

import { WIDTH, path } from './bucket.js';

/** @import {Bucket} from './client.js' */

export const CURVE_HEIGHT = 24;

/**
 * @param {Bucket[]} buckets
 * @returns {{parts: SVGPathElement[], highest: number | null}} the paths, and the latency at the top in milliseconds
 */
export function curve(buckets) {
  const highest = Math.max(...buckets.map(({ latency_p95_ms: p95 }) => p95 ?? 0));
  if (!highest) return { parts: [], highest: null };
  const y = (/** @type {number} */ ms) => (CURVE_HEIGHT * (1 - ms / highest)).toFixed(2);
  const bands = [];
  const lines = [];
  for (const run of runs(buckets)) {
    const upper = run.map(([x, , p95], at) => `${at ? 'L' : 'M'}${x} ${y(p95)}`);
    const lower = run.map(([x, p50]) => `${x} ${y(p50)}`);
    bands.push(`${upper.join('')}L${[...lower].reverse().join('L')}Z`);
    lines.push(`M${lower.join('L')}`);
  }
  return { parts: [path('band', bands.join('')), path('median', lines.join(''))], highest };
}

/**
 * Group buckets that have latencies into runs without a gap; a single one is as wide as its bar.
 * @param {Bucket[]} buckets
 * @returns {[number, number, number][][]} runs of [x, p50, p95]
 */
function runs(buckets) {
  /** @type {[number, number, number][][]} */ const found = [];
  /** @type {[number, number, number][]} */ let run = [];
  buckets.forEach(({ latency_p50_ms: p50, latency_p95_ms: p95 }, index) => {
    if (p50 === null || p95 === null) {
      run = [];
      return;
    }
    if (run.length === 0) found.push(run);
    if (run.length === 0) run.push([index * WIDTH + 0.5, p50, p95]);
    run.push([(index + 0.5) * WIDTH, p50, p95], [(index + 1) * WIDTH - 0.5, p50, p95]);
  });
  return found;
}
