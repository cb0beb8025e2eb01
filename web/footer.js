// The footer: versions, the worker, the server's clock.

import { find, write } from './nodes.js';
import { secondsBetween, span, utc } from './words.js';

/** @import {Health, WorkerFacts, WorkerStatus} from './client.js' */

export class Footer {
  #version = find(document, '#version', HTMLElement);
  #worker = find(document, '#worker', HTMLElement);
  #clock = find(document, '#clock', HTMLElement);
  #commit = '';

  /** @param {Health} health */
  name({ version, commit }) {
    this.#commit = commit === 'unknown' ? '' : ` (${commit.slice(0, 12)})`;
    write(this.#version, `Heartbeat ${version}${this.#commit}`);
  }

  /**
   * @param {WorkerStatus} status
   * @param {number} elapsedS seconds since it came
   */
  show({ version, worker, interval_seconds: interval, current_time: now }, elapsedS) {
    write(this.#version, `Heartbeat ${version}${this.#commit}`);
    const up = worker.started_at && span(secondsBetween(worker.started_at, now) + elapsedS);
    write(this.#worker, up ? `Worker ${worker.version}, up ${up}, cycle ${worker.cycles}${others(worker)}` : 'No report from the worker');
    write(this.#clock, `A stamp every ${span(interval)} · server ${utc(now, now)}`);
  }
}

/**
 * The other workers: those that stand by, or that they cannot be known.
 * @param {WorkerFacts} worker
 */
function others({ id, standing, standbys }) {
  if (standing === 'alone') return ', beats without a lease';
  return standbys.length ? `; ${id} leads, ${standbys.join(', ')} ${standbys.length > 1 ? 'stand' : 'stands'} by` : '';
}
