// The range control: links, so that each can be opened in a new tab.

import { find, mark, write } from './nodes.js';
import { RANGES, address } from './view.js';
import { utc } from './words.js';

/** @import {Shown, View} from './view.js' */

const SHORT = { '24h': '24 h', '7d': '7 d', '30d': '30 d', '90d': '90 d', '1y': '1 y' };

export class Ranges {
  #list = find(document, '#ranges', HTMLElement);
  #title = find(document, '#history-title', HTMLElement);
  #back = find(document, '#back', HTMLAnchorElement);
  /** @type {Map<string, HTMLAnchorElement>} */ #links = new Map();
  #view;

  /** @param {View} view */
  constructor(view) {
    this.#view = view;
    for (const range of /** @type {(keyof RANGES)[]} */ (Object.keys(RANGES))) {
      const link = document.createElement('a');
      link.textContent = SHORT[range];
      this.#lead(link, () => ({ range, from: null, to: null }));
      this.#links.set(range, link);
      const item = document.createElement('li');
      item.append(link);
      this.#list.append(item);
    }
    this.#lead(this.#back, () => ({ ...view.shown, from: null, to: null }));
    this.show();
  }

  show() {
    const { shown } = this.#view;
    const { range, from, to } = shown;
    for (const [name, link] of this.#links) {
      link.href = address({ range: /** @type {keyof RANGES} */ (name), from: null, to: null });
      if (name === range) mark(link, 'aria-current', from ? 'true' : 'page');
      else link.removeAttribute('aria-current');
    }
    this.#back.hidden = from === null;
    this.#back.href = address({ range, from: null, to: null });
    write(this.#back, `Back to ${SHORT[range]}`);
    write(this.#title, from && to ? spanInWords(from, to) : `Last ${RANGES[range]}`);
  }

  /**
   * Stay on the page at a plain click; leave any other to the browser.
   * @param {HTMLAnchorElement} link
   * @param {() => Shown} target
   */
  #lead(link, target) {
    link.addEventListener('click', (event) => {
      if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      this.#view.open(target());
    });
  }
}

/**
 * @param {string} from ISO 8601
 * @param {string} to ISO 8601
 */
function spanInWords(from, to) {
  const begin = utc(from, '1970-01-01').slice(0, -7);
  return `${begin} to ${utc(to, from).slice(0, -7)} UTC`;
}
