// The page's own clock: monotonic, so that a wrong clock on the viewer's machine changes nothing.

const SECOND_MS = 1_000;
const GAP_MS = 5_000; // the wall clock went on so much further: the machine was asleep

/** @returns {number} milliseconds, comparable with each other only */
export function nowMs() {
  return performance.now();
}

/**
 * Tick once a second, just after the ages that are shown have grown by one: so no second is skipped,
 * and none is painted twice.
 * @param {() => void} onTick
 * @param {() => void} onWake after the machine slept, when this clock may have stood still
 * @param {() => number} ageMs of what is shown
 */
export function start(onTick, onWake, ageMs) {
  let apart = Date.now() - nowMs();
  const tick = () => {
    const before = apart;
    apart = Date.now() - nowMs();
    if (apart - before > GAP_MS) onWake();
    onTick();
    wait();
  };
  const wait = () => setTimeout(tick, SECOND_MS - (ageMs() % SECOND_MS));
  wait();
}
