// The page: give the API's last answer to each part, again with every tick.

import { AlertPanel } from './alerts.js';
import { livez, watch } from './client.js';
import { nowMs, start } from './clock.js';
import { Footer } from './footer.js';
import { HistoryView } from './history.js';
import { LinkView } from './link.js';
import { Masthead } from './masthead.js';
import { Rows } from './rows.js';
import { find } from './nodes.js';
import { verdictOf } from './verdict.js';

/** @import {State, WorkerStatus} from './client.js' */

/** @type {WorkerStatus | null} */
let status = null;
/** @type {State} */
let state = { link: 'connecting', asking: true, nextMs: null, error: null };
let receivedMs = nowMs();

const link = new LinkView(() => {
  history.renew();
  return watcher.refresh();
});
const masthead = new Masthead();
const rows = new Rows();
const history = new HistoryView();
const footer = new Footer();
const alerts = new AlertPanel(() => history.renew());
find(document, '#unloaded', HTMLElement).remove();
const wall = new URLSearchParams(location.search).get('wall') === '1';
if (wall) document.body.dataset.wall = 'true';

function show() {
  const elapsedS = (nowMs() - receivedMs) / 1000;
  const verdict = verdictOf(status, elapsedS, state);
  masthead.show(verdict, status, elapsedS);
  link.show(state, nowMs());
  if (!status) return;
  link.warn(state, status, elapsedS);
  rows.show(status, elapsedS, verdict.tone !== 'lost');
  footer.show(status, elapsedS);
  if (document.hidden || wall) return;
  history.show(status, elapsedS, nowMs());
  alerts.show(status.current_time, nowMs());
}

/** How old the newest stamp is, to the millisecond. */
function ageMs() {
  const ages = Object.values(status?.timestamps ?? {}).map((row) => row.age_seconds ?? Infinity);
  const least = Math.min(...ages);
  return (Number.isFinite(least) ? least * 1000 : 0) + nowMs() - receivedMs;
}

const watcher = watch(
  (document) => {
    status = document;
    receivedMs = nowMs();
    show();
  },
  (changed) => {
    state = changed;
    show();
  },
);
start(show, () => watcher.wake(), ageMs);
document.addEventListener('visibilitychange', () => (document.hidden ? watcher.pause() : watcher.resume()));
for (const change of ['online', 'offline']) addEventListener(change, () => watcher.wake());
livez().then((health) => footer.name(health), () => {}); // the notice says that nothing answers
