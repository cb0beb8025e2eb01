// The verdict: the API's findings, unless the page knows that they are out of date.

import { STALE_AFTER_INTERVALS } from './client.js';
import { ageS, freshnessOf, isOff } from './freshness.js';
import { plain, span, utc } from './words.js';

/** @import {Finding, State, WorkerStatus} from './client.js' */

const SILENT_AFTER_S = 30; // a live server sends at least every 25 s
const LOST_AFTER_S = 45; // a poll every 30 s, its deadline of 10 s, and 5 s to spare
const GRACE_S = 5; // the server notices a stale row itself and explains it better

/**
 * @typedef {Object} Verdict
 * @property {'ok' | 'degraded' | 'error' | 'lost' | 'waiting'} tone
 * @property {string} word for the title
 * @property {string} headline
 * @property {string[]} notes
 * @property {Finding | null} finding the one in the headline
 * @property {Finding[]} others
 * @property {string | null} since ISO 8601
 */

/**
 * @param {WorkerStatus | null} status the last good answer
 * @param {number} elapsedS seconds since it came
 * @param {State} state of the connection
 * @returns {Verdict}
 */
export function verdictOf(status, elapsedS, state) {
  if (status === null) return unanswered(state);
  return isLost(status, elapsedS, state) ? outdated(status, elapsedS, state) : current(status);
}

/**
 * Whether the last answer may be out of date.
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 * @param {State} state
 */
function isLost(status, elapsedS, { link, error }) {
  if (error && (link !== 'live' || error.failure === 'network')) return true;
  if (elapsedS > (link === 'live' ? SILENT_AFTER_S : LOST_AFTER_S)) return true;
  return status.overall_status === 'ok' && isOverdue(status, elapsedS);
}

/**
 * Whether a row has become stale on this page although the last answer was healthy. A working server
 * would have sent another by now, so nothing is known of the store.
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function isOverdue({ timestamps }, elapsedS) {
  return Object.values(timestamps).some((row) => {
    const borderS = (row.interval_seconds ?? 0) * STALE_AFTER_INTERVALS;
    const late = (ageS(row, elapsedS) ?? 0) > borderS + GRACE_S;
    return !isOff(row) && late && freshnessOf(row, elapsedS) === 'stale';
  });
}

/**
 * @param {State} state
 * @returns {Verdict}
 */
function unanswered({ error }) {
  const nothing = { finding: null, others: [], since: null };
  if (!error) {
    return { tone: 'waiting', word: 'loading', headline: 'Loading …', notes: [], ...nothing };
  }
  const headline = failed(error.failure);
  return { tone: 'lost', word: 'no answer', headline, notes: [error.message], ...nothing };
}

/**
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 * @param {State} state
 * @returns {Verdict}
 */
function outdated(status, elapsedS, { error, link }) {
  const { current_time: since } = status;
  const notes = [`As of ${utc(since, since)}: ${current(status).headline}`];
  if (error) notes.unshift(error.message);
  const paused = link === 'paused' && !error;
  const silent = paused ? `No updates for ${span(elapsedS)}` : `No data from Heartbeat for ${span(elapsedS)}`;
  const headline = error ? failed(error.failure) : silent;
  const word = paused ? 'paused' : 'no answer';
  return { tone: 'lost', word, headline, notes, finding: null, others: [], since };
}

/** @param {import('./client.js').Failure} failure */
function failed(failure) {
  if (failure === 'status') return 'Heartbeat answers with an error';
  return failure === 'unreadable' ? 'Heartbeat’s answer cannot be read' : 'Heartbeat does not answer';
}

/**
 * @param {WorkerStatus} status
 * @returns {Verdict}
 */
function current({ overall_status: tone, diagnosis: { code, message, findings } }) {
  const [finding = null, ...others] = findings;
  const headline = finding ? finding.title : message;
  return { tone, word: plain(code), headline, notes: [], finding, others, since: finding?.since ?? null };
}
