// The page's clock: monotonic, so a wrong clock on the viewer's machine changes nothing.

const SECOND_MS = 1_000;
const GAP_MS = 5_000; // the wall clock got ahead by so much: the machine slept

/** @returns {number} milliseconds, comparable with each other only */
export function nowMs() {
  return performance.now();
}

/**
 * Tick once a second, just after the shown ages grow by one, so that no second is skipped or painted
 * twice.
 * @param {() => void} onTick
 * @param {() => void} onWake after the machine slept, during which this clock may have stopped
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
  // By whole milliseconds: an age of 999.9999999 ms would ask for a wait that no clock can measure.
  const wait = () => setTimeout(tick, SECOND_MS - (Math.floor(ageMs()) % SECOND_MS));
  wait();
}
