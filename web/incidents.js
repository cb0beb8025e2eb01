// The spans in which a source failed or nothing is known: newest first, each with an address.

import { alertedAt } from './alerts.js';
import { copy, find, mark, write } from './nodes.js';
import { address } from './view.js';
import { clockUtc, plain, secondsBetween, span, utc } from './words.js';

/** @import {Incident, Incidents} from './client.js' */
/** @import {View} from './view.js' */

const SHOWN = 10;
const FIRST = 50; // how many to request before a person wants all
const ALL = 1000;
const COPIED_MS = 2_000;
const HASH = '#incident-';

export class IncidentList {
  #list = find(document, '#incidents', HTMLElement);
  #title = find(document, '#incidents-title', HTMLElement);
  #note = find(document, '#incidents-note', HTMLElement);
  #more = find(document, '#more', HTMLButtonElement);
  /** @type {Incidents | null} */ #known = null;
  /** @type {{incident: Incident, length: HTMLElement}[]} */ #lasting = [];
  #whole = false;
  #wanted = location.hash;
  #view;

  /**
   * @param {View} view
   * @param {() => void} onMore requests all incidents
   */
  constructor(view, onMore) {
    this.#view = view;
    this.#more.addEventListener('click', () => {
      this.#whole = true;
      if (this.#known) this.#draw(this.#known);
      onMore();
    });
    addEventListener('hashchange', () => this.#find(location.hash));
  }

  /** How many to request. */
  get limit() {
    return this.#whole ? ALL : FIRST;
  }

  /** Forget all incidents, because another range is shown. */
  forget() {
    this.#known = null;
    this.#whole = false;
  }

  /** @param {Incidents | null} answer null if they are not available now: those known stay, with their date */
  show(answer) {
    const before = this.#known;
    this.#known = answer ?? before;
    if (answer) this.#draw(answer);
    const asOf = before ? ` These are as of ${clockUtc(before.as_of)}.` : '';
    const none = answer?.total === 0 ? 'None.' : '';
    write(this.#note, answer ? none : `Incidents are not available now.${asOf}`);
    this.#note.hidden = !this.#note.textContent;
    if (!answer && !before) this.#list.replaceChildren();
    if (answer) this.#find(this.#wanted);
  }

  /** @param {number} now milliseconds, by the server's clock */
  tick(now) {
    for (const { incident, length } of this.#lasting) {
      write(length, `${span((now - Date.parse(incident.start)) / 1000)} so far`);
    }
  }

  /** @param {Incidents} answer */
  #draw(answer) {
    const shown = answer.incidents.slice(0, this.#whole ? ALL : SHOWN);
    const { total, longest } = answer;
    if (longest && !shown.some(({ id }) => id === longest.id)) shown.push(longest);
    const few = total > shown.length ? `${total} incidents, ${shown.length} shown` : '';
    write(this.#title, few || (total === 1 ? '1 incident' : total ? `${total} incidents` : 'Incidents'));
    this.#more.hidden = !few || this.#whole;
    this.#lasting = [];
    this.#list.replaceChildren(...shown.map((incident, at) => this.#item(incident, answer, at === 0)));
  }

  /**
   * @param {Incident} incident
   * @param {Incidents} answer
   * @param {boolean} newest
   */
  #item(incident, answer, newest) {
    const element = copy('incident');
    const part = (/** @type {string} */ name) => find(element, `[data-part=${name}]`, HTMLElement);
    const many = answer.total > 1;
    const tags = [many && newest && 'newest', many && incident.id === answer.longest?.id && 'longest'];
    element.id = `incident-${incident.id}`;
    mark(element, 'data-kind', incident.kind);
    mark(element, 'data-lasting', String(incident.end === null));
    write(part('what'), titleOf(incident));
    write(part('when'), `${incident.end ? '' : 'since '}${utc(incident.start, answer.as_of)}`);
    const moment = incident.kind === 'promoted';
    write(part('length'), moment ? '' : lengthOf(incident, answer.as_of));
    write(part('beats'), moment ? '' : incident.beats_missed === 1 ? '1 beat missed' : `${incident.beats_missed} beats missed`);
    write(part('tags'), tags.filter(Boolean).join(' · '));
    const alerted = alertedAt(incident);
    write(part('alerted'), alerted ? `Alert sent at ${clockUtc(alerted, answer.as_of)}` : '');
    part('alerted').hidden = !alerted;
    const where = `${address(this.#view.shown)}#${element.id}`;
    find(element, 'a', HTMLAnchorElement).href = where;
    const button = find(element, 'button', HTMLButtonElement);
    const name = `${titleOf(incident)}, ${utc(incident.start, answer.as_of)}`;
    button.setAttribute('aria-label', `Copy for a report: ${name}`);
    find(element, 'a', HTMLAnchorElement).setAttribute('aria-label', `Address of: ${name}`);
    button.addEventListener('click', () => void copyReport(button, report(incident, this.#known?.as_of ?? answer.as_of, where)));
    if (incident.end === null) this.#lasting.push({ incident, length: part('length') });
    return element;
  }

  /**
   * Show the incident that an address names, which may be further down or in a longer range.
   * @param {string} hash
   */
  #find(hash) {
    this.#wanted = '';
    if (!hash.startsWith(HASH) || !this.#known) return;
    if (!document.getElementById(hash.slice(1)) && !this.#whole) {
      this.#whole = true;
      this.#draw(this.#known);
    }
    const found = document.getElementById(hash.slice(1));
    for (const item of this.#list.children) item.classList.toggle('wanted', item === found);
    found?.scrollIntoView({ block: 'center' });
    if (!found && this.#view.shown.range !== '1y') {
      this.#wanted = hash;
      this.#view.open({ range: '1y', from: null, to: null });
    } else if (!found) {
      write(this.#note, 'There is no such incident in the last year.');
      this.#note.hidden = false;
    }
  }
}

/** @param {Incident} incident */
function titleOf({ kind, title, error }) {
  if (kind === 'promoted') return `${title}: another server took over`;
  return error ? `${title}: ${plain(error)}` : `${title}: nothing was recorded`;
}

/**
 * @param {Incident} incident
 * @param {string} now
 */
function lengthOf({ start, end }, now) {
  const length = span(secondsBetween(start, end ?? now));
  return end ? length : `${length} so far`;
}

/**
 * @param {Incident} incident
 * @param {string} now
 * @param {string} where
 */
function report(incident, now, where) {
  const { kind, start, end, beats_missed: missed } = incident;
  if (kind === 'promoted') return plainSpaces([titleOf(incident), `at ${utc(start, '1970-01-01')}`, where]);
  const ends = end ? `to ${utc(end, '1970-01-01')}` : `and lasting, as of ${utc(now, '1970-01-01')}`;
  return plainSpaces([
    titleOf(incident),
    `from ${utc(start, '1970-01-01')} ${ends} (${lengthOf(incident, now)})`,
    `${missed} ${missed === 1 ? 'beat' : 'beats'} missed`,
    where,
  ]);
}

/**
 * Join lines, with ordinary spaces between numbers and their units.
 * @param {string[]} lines
 */
function plainSpaces(lines) {
  return lines.join('\n').replaceAll('\u00a0', ' ');
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
async function copyReport(button, text) {
  const label = find(button, 'span', HTMLElement);
  write(label, (await toClipboard(text)) ? 'Copied' : 'Not allowed');
  setTimeout(() => write(label, 'Copy'), COPIED_MS);
}

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text); // a page without https has none
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
