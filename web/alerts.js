// The alerts panel: open alerts, mutes, and targets with what waits for delivery.

import { alerts } from './client.js';
import { copy, find, write } from './nodes.js';
import { clockUtc, span, secondsBetween, utc } from './words.js';

/** @import {Alerts, AlertTarget, Incident, OpenAlert} from './client.js' */

const AGAIN_MS = 15_000;
const DISABLED_MS = 300_000; // only a restarted API can begin to alert

/** @type {Alerts | null} */
let known = null;

export class AlertPanel {
  #card = find(document, '#alerts', HTMLElement);
  #list = find(document, '#alerts-list', HTMLElement);
  #note = find(document, '#alerts-note', HTMLElement);
  #askedMs = -Infinity;
  #asking = false;
  #rang = '';
  #onNews;

  /** @param {() => void} onNews called when an alert was sent that was not known before */
  constructor(onNews) {
    this.#onNews = onNews;
  }

  /**
   * Load the alerts again where those shown are old.
   * @param {string} now the server's clock
   * @param {number} nowMs
   */
  show(now, nowMs) {
    const againMs = known?.enabled === false ? DISABLED_MS : AGAIN_MS;
    if (this.#asking || nowMs - this.#askedMs < againMs) return;
    this.#askedMs = nowMs;
    this.#asking = true;
    alerts().then((answer) => this.#draw(answer, now), () => this.#fail()).finally(() => {
      this.#asking = false;
    });
  }

  /** Keep what was known, and say that it may be out of date. */
  #fail() {
    if (known) write(this.#note, 'Alerts are not available now; these may be out of date.');
    this.#note.hidden = !known;
  }

  /**
   * @param {Alerts} answer
   * @param {string} now
   */
  #draw(answer, now) {
    known = answer;
    this.#card.hidden = !answer.enabled;
    const broken = answer.working ? '' : 'Alerts are not evaluated now.';
    write(this.#note, broken || (answer.open.length ? '' : 'No open alerts.'));
    this.#note.hidden = !this.#note.textContent;
    this.#list.replaceChildren(
      ...answer.open.map((alert) => item(alert.title, tagsOf(alert), timesOf(alert, now))),
      ...answer.mutes.map(({ sources, reason, until }) =>
        item(`Muted: ${sources.join(', ') || 'everything'}`, reason, `until ${utc(until, now)}`)),
      ...answer.targets.map((target) => item(target.name, stateOf(target), deliveryOf(target, now))),
    );
    const rang = answer.recent.map(({ alert_id: id, kind }) => `${id} ${kind}`).join();
    if (rang !== this.#rang) this.#onNews();
    this.#rang = rang;
  }
}

/**
 * When an alert on an incident was sent; null if none was, or if that is unknown.
 * @param {Incident} incident
 * @returns {string | null} ISO 8601
 */
export function alertedAt({ source, start, end }) {
  const rang = known?.recent.find(({ kind, sources, began, at }) =>
    kind === 'opened' && sources.includes(source) && at >= start && (!end || began <= end));
  return rang?.at ?? null;
}

/**
 * @param {string} what
 * @param {string} tags
 * @param {string} when
 */
function item(what, tags, when) {
  const element = copy('alert');
  write(find(element, '[data-part=what]', HTMLElement), what);
  write(find(element, '[data-part=tags]', HTMLElement), tags);
  write(find(element, '[data-part=when]', HTMLElement), when);
  return element;
}

/** @param {OpenAlert} alert */
function tagsOf({ severity, muted, rang, ended }) {
  const recovered = ended && 'recovered, under observation';
  return [severity, muted && 'muted', !rang && !muted && 'not sent yet', recovered].filter(Boolean).join(' · ');
}

/**
 * @param {OpenAlert} alert
 * @param {string} now
 */
function timesOf({ began, rang }, now) {
  const sent = rang ? `, sent at ${clockUtc(rang, now)}` : '';
  return `since ${utc(began, now)}${sent}`;
}

/** @param {AlertTarget} target */
function stateOf({ waiting, dead, errors, severity }) {
  const why = errors.length ? ` (${errors.join(', ')})` : '';
  return [
    severity === 'error' && 'errors only',
    waiting && `${waiting} waiting${why}`,
    dead && `${dead} given up${why}`,
  ].filter(Boolean).join(' · ');
}

/**
 * @param {AlertTarget} target
 * @param {string} now
 */
function deliveryOf({ last_delivery: last, waiting_since: since }, now) {
  const waits = since ? `waiting for ${span(secondsBetween(since, now))}` : '';
  return waits || (last ? `last sent ${utc(last, now)}` : 'nothing sent yet');
}
