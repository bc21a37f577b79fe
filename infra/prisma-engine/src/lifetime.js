/** When the engine ends: with a signal, or with the process that started it. */

const LOOK_MILLISECONDS = 500;

/**
 * Call `stop` once, on SIGTERM, SIGINT or the end of the parent, which may be killed without a word.
 *
 * @param {() => void} stop
 */
export function endWithParent(stop) {
  const parent = Number(process.env.INFERSPECT_ENGINE_PARENT ?? process.ppid);
  const watch = setInterval(() => process.ppid !== parent && once(), LOOK_MILLISECONDS);
  let stopping = false;
  function once() {
    if (stopping) return;
    stopping = true;
    clearInterval(watch);
    stop();
  }
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
}
