// What to say on top: the API's sentence, unless the page knows that it no longer holds.

import { STALE_AFTER_INTERVALS } from './client.js';
import { ageS, freshnessOf, isOff } from './freshness.js';
import { plain, span } from './words.js';

/** @import {State, WorkerStatus} from './client.js' */

const LOST_AFTER_S = 45; // a poll every 30 s, its deadline of 10 s, and some air
const GRACE_S = 5; // the server finds a stale row itself and explains it better

/**
 * @typedef {Object} Verdict
 * @property {'ok' | 'degraded' | 'error' | 'lost' | 'waiting'} tone
 * @property {string} word for the title
 * @property {string} headline
 * @property {string[]} details
 * @property {string | null} since ISO 8601
 */

/**
 * @param {WorkerStatus | null} status the last good answer
 * @param {number} elapsedS seconds since it came
 * @param {State} state how the page learns
 * @returns {Verdict}
 */
export function verdictOf(status, elapsedS, state) {
  if (status === null) return withoutAnswer(state);
  if (elapsedS > LOST_AFTER_S) return outdated(status, elapsedS, state);
  const silent = status.overall_status === 'ok' ? overdue(status, elapsedS) : [];
  return silent.length > 0 ? unwritten(silent, elapsedS) : said(status);
}

/**
 * @param {State} state
 * @returns {Verdict}
 */
function withoutAnswer({ error }) {
  if (!error) {
    return { tone: 'waiting', word: 'looking', headline: 'Looking …', details: [], since: null };
  }
  const headline = 'Heartbeat does not answer';
  return { tone: 'lost', word: 'no answer', headline, details: [error.message], since: null };
}

/**
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 * @param {State} state
 * @returns {Verdict}
 */
function outdated({ current_time: since }, elapsedS, { error, link }) {
  const details = ['Below is what was known at the last good answer.'];
  if (error) details.unshift(error.message);
  const paused = link === 'paused';
  const headline = error ? 'Heartbeat does not answer' : `Not asked for ${span(elapsedS)}`;
  return { tone: 'lost', word: paused ? 'paused' : 'no answer', headline, details, since };
}

/**
 * Rows that have gone stale on this page while the last answer said that all is well.
 * @param {WorkerStatus} status
 * @param {number} elapsedS
 */
function overdue({ timestamps }, elapsedS) {
  return Object.values(timestamps).filter((row) => {
    const borderS = (row.interval_seconds ?? 0) * STALE_AFTER_INTERVALS;
    const late = (ageS(row, elapsedS) ?? 0) > borderS + GRACE_S;
    return !isOff(row) && late && freshnessOf(row, elapsedS) === 'stale';
  });
}

/**
 * @param {ReturnType<typeof overdue>} rows
 * @param {number} elapsedS
 * @returns {Verdict}
 */
function unwritten(rows, elapsedS) {
  const titles = rows.map(({ title }) => title).join(', ');
  const age = Math.min(...rows.map((row) => ageS(row, elapsedS) ?? 0));
  const headline = `${titles}: no new stamp for ${span(age)}`;
  return { tone: 'error', word: 'no new stamp', headline, details: [], since: null };
}

/**
 * The API's own verdict; its sentence is a finding, a colon and a remedy, then what else there is.
 * @param {WorkerStatus} status
 * @returns {Verdict}
 */
function said({ overall_status: tone, diagnosis: { code, message, since } }) {
  const [first = '', ...also] = message.split(' Also: ');
  const sentence = first.indexOf('. ');
  const colon = first.lastIndexOf(': ', sentence < 0 ? undefined : sentence);
  const headline = colon < 0 ? first : first.slice(0, colon);
  const remedy = colon < 0 ? [] : [first.slice(colon + 2)];
  const details = [...remedy, ...also].map((text) => text.charAt(0).toUpperCase() + text.slice(1));
  return { tone, word: plain(code), headline, details, since: tone === 'ok' ? null : since };
}
