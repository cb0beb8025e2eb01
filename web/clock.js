// The page's own clock: monotonic, so that a wrong clock on the viewer's machine changes nothing.

const TICK_MS = 500; // twice a second, so that no second is ever skipped
const GAP_MS = 5_000; // the wall clock went on so much further: the machine was asleep

/** @returns {number} milliseconds, comparable with each other only */
export function nowMs() {
  return performance.now();
}

/**
 * @param {() => void} onTick
 * @param {() => void} onWake after the machine slept, when this clock may have stood still
 */
export function start(onTick, onWake) {
  let apart = Date.now() - nowMs();
  setInterval(() => {
    const before = apart;
    apart = Date.now() - nowMs();
    if (apart - before > GAP_MS) onWake();
    onTick();
  }, TICK_MS);
}
