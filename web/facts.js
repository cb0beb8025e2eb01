// A row in words.

import { ageS, isOff } from './freshness.js';
import { milliseconds, plain, secondsBetween, span, utc } from './words.js';

/** @import {Freshness, IamRow, ReplicaRow, Row, WorkerStatus} from './client.js' */

/**
 * What a row shows: its stamp's freshness, unless something is more important. `unread` has not
 * answered yet, `past` was known at the last good answer, `wrong` has an error despite a recent stamp,
 * and `partly` works except for one part.
 * @typedef {Freshness | 'off' | 'unread' | 'past' | 'wrong' | 'partly'} RowState
 */

/**
 * @param {Row | IamRow} row
 * @param {Freshness} freshness
 * @param {boolean} known whether the last answer still holds
 * @returns {RowState}
 */
export function stateOf(row, freshness, known) {
  if (isOff(row)) return 'off';
  if (row.observed_at === null) return 'unread';
  if (!known) return 'past';
  if (freshness === 'fresh' || freshness === 'aging') {
    if (row.error) return 'wrong';
    if (row.warning || ('refusal' in row && row.refusal)) return 'partly';
  }
  return freshness;
}

/**
 * @param {Row | IamRow} row
 * @param {RowState} state
 */
export function stateInWords(row, state) {
  const { error } = row;
  const because = error ? `: ${plain(error)}` : '';
  const identity = 'refusal' in row;
  switch (state) {
    case 'off': return 'switched off';
    case 'unread': return 'not answered yet';
    case 'past': return `was ${row.freshness}${because}`;
    case 'wrong': return `${identity ? 'not proved' : 'answers with an error'}${because}`;
    case 'partly': return identity ? 'not renewed' : 'partly written';
    default: return error && error !== state ? `${state}${because}` : state;
  }
}

/**
 * @param {Row | IamRow} row
 * @param {RowState} state
 * @param {string} now the server's clock when it sent the row
 * @param {number} elapsedS seconds since then
 */
export function ageInWords(row, state, now, elapsedS) {
  const known = row.last_known_update;
  const lastS = row.age_seconds === null && known ? secondsBetween(known, now) : null;
  const seconds = lastS === null ? ageS(row, elapsedS) : lastS + elapsedS;
  if (state === 'unread') return '';
  if (row.error === 'clock' && row.freshness === 'missing') return 'in the future';
  if (seconds !== null) return `${span(seconds)} ago`;
  return row.freshness === 'unreachable' ? 'unknown' : 'never';
}

/**
 * Further facts: when the identity's credentials end, and the worker's last result.
 * @param {Row | IamRow} row
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
export function factsOf(row, status, elapsedS) {
  const lastSeen = row.freshness === 'unreachable' && row.last_seen;
  const seen = lastSeen ? [`last seen ${utc(lastSeen, status.current_time)}`] : [];
  const answered = row.latency_ms !== null && row.freshness !== 'unreachable';
  const read = answered ? [`read in ${milliseconds(row.latency_ms ?? 0)}`] : [];
  const ends = 'refusal' in row ? expiries(row, status, elapsedS) : [];
  const copy = row.replica ? [replicaInWords(row.replica)] : [];
  return [...seen, ...ends, ...lastResult(row, 'refusal' in row ? 'the worker’s last call' : 'last write'), ...read, ...copy];
}

/** @param {ReplicaRow} replica */
function replicaInWords({ lag_seconds: lagS, error, failing_since: since }) {
  if (error) return `replica: ${plain(error)}`;
  if (lagS === null) return 'replica without a stamp';
  if (since) return `replica ${span(lagS)} behind`;
  return `replica written within ${lagS < 1 ? milliseconds(lagS * 1000) : span(lagS)}`;
}

/**
 * @param {Row} row
 * @param {string} what the result is of
 */
function lastResult({ last_result: result, warning, consecutive_failures: failures, breaker }, what) {
  const facts = [];
  if (result && result !== 'ok') facts.push(`${what}: ${plain(result)}`);
  if (failures > 1) facts.push(`${failures} failures in a row`);
  if (breaker !== 'closed') facts.push(`breaker ${plain(breaker)}`);
  if (warning) facts.push(`the value is not written: ${plain(warning)}`);
  return facts;
}

/**
 * @param {IamRow} row
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function expiries(row, { current_time: now }, elapsedS) {
  const left = (/** @type {string} */ end) => secondsBetween(now, end) - elapsedS;
  const facts = [];
  if (row.refusal) facts.push(`refused: ${plain(row.refusal)}`);
  if (row.credentials_created) facts.push(`credentials made ${span(-left(row.credentials_created))} ago`);
  if (row.credentials_expiry) facts.push(ending('expire', 'expired', left(row.credentials_expiry)));
  if (row.certificate_expiry) facts.push(ending('certificate ends', 'certificate ended', left(row.certificate_expiry)));
  return facts;
}

/**
 * @param {string} will
 * @param {string} did
 * @param {number} leftS
 */
function ending(will, did, leftS) {
  return leftS > 0 ? `${will} in ${span(leftS)}` : `${did} ${span(-leftS)} ago`;
}
