// Threads of the kernels' own: workers with the same WebAssembly in the same memory.
//
// TensorFlow.js's threads do what XNNPACK does, and nothing else can be asked of them.

import { board, doTogether } from './pieces.mjs';

/** A worker that is not there by then is not waited for. */
const PATIENCE_MS = 10000;

/** Give a worker its work; rejects with the reason where it does not start. */
async function started(worker, given) {
  let late;
  const answer = new Promise((resolve, reject) => {
    late = setTimeout(() => reject(new Error('it does not answer')), PATIENCE_MS);
    worker.onerror = (event) => reject(new Error(event.message ?? 'its file cannot be loaded'));
    worker.onmessage = ({ data }) => (data.started ? resolve() : reject(new Error(data.reason)));
    worker.postMessage(given);
  });
  try {
    await answer;
  } finally {
    clearTimeout(late);
  }
}

/**
 * Start `count` - 1 threads beside this one; null where that cannot be, which console.info says.
 *
 * They have `module` in `memory`, which is shared. What is returned has `run`, as `doTogether`, and
 * `stop`.
 */
export async function startThreads(count, module, memory) {
  const shared = board();
  const workers = [];
  const stop = () => workers.forEach((worker) => worker.terminate());
  try {
    for (let thread = 1; thread < count; thread += 1) {
      // Bundlers know this form, and put the file beside.
      workers.push(new Worker(new URL('./thread.mjs', import.meta.url), { type: 'module' }));
    }
    await Promise.all(workers.map((worker, i) => (
      started(worker, { module, memory, shared, thread: i + 1 }))));
  } catch (error) {
    stop();
    console.info(`sigfix's fast kernels have one thread: a worker does not start (${error.message}).`);
    return null;
  }
  return {
    run: (functions, name, pieces, room) => doTogether(shared, functions, name, pieces, room),
    stop,
  };
}
