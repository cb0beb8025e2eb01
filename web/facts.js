// What a row says in words.

import { ageS } from './freshness.js';
import { milliseconds, plain, secondsBetween, span } from './words.js';

/** @import {Freshness, IamRow, Row, WorkerStatus} from './client.js' */

/**
 * @param {Row | IamRow} row
 * @param {Freshness} freshness
 */
export function freshnessInWords(row, freshness) {
  const why = row.error && row.error !== freshness ? `: ${plain(row.error)}` : '';
  return `${freshness}${why}`;
}

/**
 * @param {Row | IamRow} row
 * @param {Freshness} freshness
 * @param {number} elapsedS
 */
export function ageInWords(row, freshness, elapsedS) {
  const seconds = ageS(row, elapsedS);
  if (row.error === 'clock') return 'in the future';
  if (seconds !== null) return `${span(seconds)} ago`;
  return freshness === 'unreachable' ? 'unknown' : 'never';
}

/**
 * What is known besides: of the identity its terms, of a store the worker's last word.
 * @param {Row | IamRow} row
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
export function factsOf(row, status, elapsedS) {
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
