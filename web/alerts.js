// Who is told: open alerts and when they rang, mutes with their end, targets and what waits for them.

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

  /** @param {() => void} onNews something has rung that was not known before */
  constructor(onNews) {
    this.#onNews = onNews;
  }

  /**
   * Ask where what is shown is old.
   * @param {string} now the server's clock
   * @param {number} nowMs
   */
  show(now, nowMs) {
    const againMs = known?.enabled === false ? DISABLED_MS : AGAIN_MS;
    if (this.#asking || nowMs - this.#askedMs < againMs) return;
    this.#askedMs = nowMs;
    this.#asking = true;
    alerts().then((said) => this.#draw(said, now), () => this.#lose()).finally(() => {
      this.#asking = false;
    });
  }

  /** What was known stays, as of then. */
  #lose() {
    if (known) write(this.#note, 'Not available now; what stands here may be old.');
    this.#note.hidden = !known;
  }

  /**
   * @param {Alerts} said
   * @param {string} now
   */
  #draw(said, now) {
    known = said;
    this.#card.hidden = !said.enabled;
    const broken = said.working ? '' : 'Nobody decides on alerts now.';
    write(this.#note, broken || (said.open.length ? '' : 'None is open.'));
    this.#note.hidden = !this.#note.textContent;
    this.#list.replaceChildren(
      ...said.open.map((alert) => item(alert.title, tagsOf(alert), whenOf(alert, now))),
      ...said.mutes.map(({ sources, reason, until }) =>
        item(`Muted: ${sources.join(', ') || 'everything'}`, reason, `until ${utc(until, now)}`)),
      ...said.targets.map((target) => item(target.name, stateOf(target), deliveryOf(target, now))),
    );
    const rang = said.recent.map(({ alert_id: id, kind }) => `${id} ${kind}`).join();
    if (rang !== this.#rang) this.#onNews();
    this.#rang = rang;
  }
}

/**
 * When people were told of an incident, null if they were not or nobody knows.
 * @param {Incident} incident
 * @returns {string | null} ISO 8601
 */
export function toldOf({ source, start, end }) {
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
  const well = ended && 'well again, and watched';
  return [severity, muted && 'muted', !rang && !muted && 'not told yet', well].filter(Boolean).join(' · ');
}

/**
 * @param {OpenAlert} alert
 * @param {string} now
 */
function whenOf({ began, rang }, now) {
  const told = rang ? `, told at ${clockUtc(rang, now)}` : '';
  return `since ${utc(began, now)}${told}`;
}

/** @param {AlertTarget} target */
function stateOf({ waiting, dead, errors, severity }) {
  const why = errors.length ? ` (${errors.join(', ')})` : '';
  return [
    severity === 'error' && 'errors alone',
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
  return waits || (last ? `last told ${utc(last, now)}` : 'nothing told yet');
}
