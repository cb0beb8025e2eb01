// How the page is kept up to date: the link's state, the refresh button, and the failure notice.

import { find, mark, write } from './nodes.js';
import { span, utc } from './words.js';

/** @import {State, WorkerStatus} from './client.js' */

const SPIN_MS = 500; // an answer takes milliseconds, and a spinner must not flicker
const LINKS = {
  connecting: 'Connecting', live: 'Live', polling: 'Polling', offline: 'Offline', paused: 'Paused',
};

export class LinkView {
  #link = find(document, '#link', HTMLElement);
  #countdown = find(document, '#countdown', HTMLElement);
  #notice = find(document, '#notice', HTMLElement);
  #button = find(document, '#refresh', HTMLButtonElement);
  #spunMs = -Infinity;

  /** @param {() => void} onRefresh */
  constructor(onRefresh) {
    this.#button.addEventListener('click', onRefresh);
  }

  /**
   * @param {State} state
   * @param {number} nowMs
   */
  show({ link, asking, nextMs }, nowMs) {
    mark(document.body, 'data-link', link);
    write(this.#link, LINKS[link]);
    const leftS = nextMs === null ? 0 : Math.max(0, Math.ceil((nextMs - nowMs) / 1000));
    write(this.#countdown, nextMs === null ? '' : `next update in ${leftS} s`);
    if (asking) this.#spunMs = nowMs;
    const spinning = asking || nowMs - this.#spunMs < SPIN_MS;
    mark(document.body, 'data-asking', String(spinning));
    mark(this.#button, 'aria-busy', String(spinning));
  }

  /**
   * @param {State} state
   * @param {WorkerStatus} status the last good answer
   * @param {number} elapsedS seconds since it came
   */
  warn({ error }, { current_time: then }, elapsedS) {
    if (this.#notice.hidden !== (error === null)) this.#notice.hidden = error === null;
    const last = `The last good answer came ${utc(then, then)}, ${span(elapsedS)} ago.`;
    if (error) write(this.#notice, `The last refresh failed: ${error.message} ${last}`);
  }
}
