// Times and spans in words. A number and its unit stay on one line.

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/**
 * @param {number} seconds
 * @returns {string} at most two units; seconds up to two minutes, where freshness changes
 */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 2 * MINUTE_S) return `${s}\u00a0s`;
  if (s < HOUR_S) return `${Math.floor(s / MINUTE_S)}\u00a0min`;
  if (s < DAY_S) return pair(s, HOUR_S, 'h', MINUTE_S, 'min');
  return s < 10 * DAY_S ? pair(s, DAY_S, 'd', HOUR_S, 'h') : `${Math.floor(s / DAY_S)}\u00a0d`;
}

/**
 * @param {number} s
 * @param {number} largeS
 * @param {string} large
 * @param {number} smallS
 * @param {string} small
 */
function pair(s, largeS, large, smallS, small) {
  const rest = Math.floor((s % largeS) / smallS);
  return `${Math.floor(s / largeS)}\u00a0${large}${rest ? ` ${rest}\u00a0${small}` : ''}`;
}

/**
 * @param {string} from ISO 8601
 * @param {string} to ISO 8601
 * @returns {number} seconds between two moments of the server's clock
 */
export function secondsBetween(from, to) {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/**
 * @param {string} moment ISO 8601
 * @param {string} now the server's clock: another day is named
 */
export function utc(moment, now) {
  const text = new Date(moment).toISOString();
  const day = text.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return `${day ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)}\u00a0UTC`;
}

/**
 * @param {string} moment ISO 8601
 * @param {string} [now] ISO 8601, the server's clock; if omitted, the day is never named
 * @returns {string} to the minute
 */
export function clockUtc(moment, now = moment) {
  return utc(moment, now).replace(/:\d\d\u00a0/, '\u00a0');
}

const ZONE = zone(new URLSearchParams(location.search).get('tz'));

/**
 * @param {string | null} name `?tz=`, such as Europe/Berlin or UTC
 * @returns {string | undefined} undefined for the viewer's own zone, also if the name is unknown
 */
function zone(name) {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name ?? undefined }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} moment ISO 8601
 * @returns {string} in the viewer's zone, with the weekday where it differs from UTC; empty where
 *   both clocks show the same
 */
export function local(moment) {
  const date = new Date(moment);
  /** @type {Intl.DateTimeFormatOptions} */
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: ZONE };
  const day = (/** @type {string | undefined} */ timeZone) => date.toLocaleDateString('en', { timeZone });
  const sameDay = day(ZONE) === day('UTC');
  const own = date.toLocaleTimeString('en', time);
  if (sameDay && own === date.toLocaleTimeString('en', { ...time, timeZone: 'UTC' })) return '';
  return date.toLocaleString(undefined, {
    ...time, timeZoneName: 'short', weekday: sameDay ? undefined : 'short',
  });
}

/**
 * @param {number} ms
 * @returns {string} with two significant digits, or all digits before the decimal point
 */
export function milliseconds(ms) {
  return ms < 1000 ? `${figures(ms)}\u00a0ms` : `${figures(ms / 1000)}\u00a0s`;
}

/** @param {number} value */
function figures(value) {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(2));
}

/**
 * @param {number} share from 0 to 1
 * @returns {string} never rounded up to 100 %
 */
export function percent(share) {
  if (share === 1) return '100\u00a0%';
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)}\u00a0%`;
}

/** @param {string} slug such as an error word: `read_only` */
export function plain(slug) {
  return slug.replaceAll('_', ' ');
}
