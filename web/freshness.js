// A row's age and freshness now: the server's rule, applied while no new answer comes.

import { AGING_AFTER_INTERVALS, STALE_AFTER_INTERVALS } from './client.js';

/** @import {Freshness, IamRow, Row} from './client.js' */

/**
 * @param {Row | IamRow} row
 * @param {number} elapsedS seconds since the row arrived, by the page's own clock
 * @returns {number | null} seconds, null without a stamp
 */
export function ageS(row, elapsedS) {
  return row.age_seconds === null ? null : row.age_seconds + elapsedS;
}

/**
 * @param {Row | IamRow} row
 * @param {number} elapsedS seconds since the row arrived, by the page's own clock
 * @returns {Freshness} missing and unreachable stay so until the next answer
 */
export function freshnessOf(row, elapsedS) {
  const intervals = ageInIntervals(row, elapsedS);
  if (intervals === null || row.freshness === 'missing' || row.freshness === 'unreachable') {
    return row.freshness;
  }
  if (intervals < AGING_AFTER_INTERVALS) return 'fresh';
  return intervals > STALE_AFTER_INTERVALS ? 'stale' : 'aging';
}

/**
 * @param {Row | IamRow} row
 * @param {number} elapsedS
 * @returns {number | null} the age as a multiple of the stamp's own interval
 */
export function ageInIntervals(row, elapsedS) {
  const age = ageS(row, elapsedS);
  return age === null || row.interval_seconds === null ? null : age / row.interval_seconds;
}

/**
 * Whether a source is switched off: it is expected to do nothing, so nothing is wrong.
 * @param {Row | IamRow} row
 */
export function isOff(row) {
  return row.error === 'not_configured';
}
