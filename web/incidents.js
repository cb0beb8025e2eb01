// The spans in which a source was not ok, newest first.

import { find, write } from './nodes.js';
import { plain, secondsBetween, span, utc } from './words.js';

/** @import {Incident, Incidents} from './client.js' */

const SHOWN = 10;

/** @param {Incidents | null} said null if it can't be had now */
export function showIncidents(said) {
  const list = find(document, '#incidents', HTMLElement);
  const note = find(document, '#incidents-note', HTMLElement);
  const incidents = said?.incidents.slice(0, SHOWN) ?? [];
  note.hidden = incidents.length > 0;
  write(note, said ? 'None.' : 'Incidents are not available now.');
  list.replaceChildren(...incidents.map((incident) => item(incident, said?.end ?? incident.start)));
}

/**
 * @param {Incident} incident
 * @param {string} now ISO 8601, by the server's clock
 */
function item({ title, start, end, error, beats_missed: missed }, now) {
  const element = document.createElement('li');
  element.dataset.lasting = String(end === null);
  const what = document.createElement('strong');
  what.textContent = `${title}: ${plain(error)}`;
  const length = span(secondsBetween(start, end ?? now));
  const when = document.createElement('span');
  when.textContent = end ? `${utc(start, now)}, for ${length}` : `since ${utc(start, now)}, for ${length} so far`;
  const beats = document.createElement('span');
  beats.textContent = missed === 1 ? '1 beat missed' : `${missed} beats missed`;
  element.append(what, when, beats);
  return element;
}
