// A kernel's work in pieces, which several threads take one after the other.
//
// What the threads know of a job lies in an Int32Array that they share: the job's number, how many
// pieces it has and which is the next one, and each piece's arguments. Whoever is free takes the
// next piece, so a processor that is slower, or busy, takes fewer.

/** The functions that can be in pieces; the threads know them by their place here. */
const FUNCTIONS = ['convolve', 'dense', 'depthwise', 'erf', 'lstm', 'products', 'tanh', 'winograd'];

/** Places in the array. Those that several threads write lie in cache lines of their own. */
const [JOB, NEXT, LEFT, RESULT, ASLEEP, FORM, ARGUMENTS] = [0, 16, 32, 48, 64, 80, 96];
const MOST_ARGUMENTS = 24;
/** More pieces than this are none. */
export const MOST_PIECES = 32;
const SIZE = ARGUMENTS + MOST_PIECES * MOST_ARGUMENTS;
/** NEXT holds the number of pieces in the upper half, and the next piece in the lower one. */
const HALF = 16;
const FAILED = -1;
/**
 * How often a thread looks for a new job before it sleeps: some milliseconds. One that sleeps is woken
 * when the others have done the job: with 30,000 looks parseq took 177 ms in place of 124.
 */
const LOOKS = 1e6;

/** What the threads share. */
export const board = () => new Int32Array(new SharedArrayBuffer(SIZE * 4));

/** The arguments of a piece in thread `thread`: those that it was given, with room of its own. */
function argumentsOf(shared, piece, thread) {
  const [, count, place, room, bytes] = shared.subarray(FORM, FORM + 5);
  const start = ARGUMENTS + piece * MOST_ARGUMENTS;
  const given = shared.slice(start, start + count);
  if (place >= 0) given[place] = room + thread * bytes;
  return given;
}

/** Do pieces as long as there are any. */
function take(shared, functions, thread) {
  for (;;) {
    const next = Atomics.load(shared, NEXT);
    const piece = next & ((1 << HALF) - 1);
    if (piece >= next >> HALF) return;
    // Only who takes a piece reads its arguments: they stay as they are until it is done.
    if (Atomics.compareExchange(shared, NEXT, next, next + 1) !== next) continue;
    let result = FAILED;
    try {
      const call = functions[FUNCTIONS[shared[FORM]]];
      result = call(...argumentsOf(shared, piece, thread)) | 0;
    } catch (error) {
      console.error(error); // the first thread raises one of its own, when nobody works any more
    }
    Atomics.or(shared, RESULT, result);
    Atomics.sub(shared, LEFT, 1);
  }
}

/**
 * Do a job with whoever helps, and return the bits that its pieces gave, all together.
 *
 * `pieces` are lists of arguments; `place` is where each thread's own room goes, -1 for nowhere, of
 * which `room` is the first thread's, and each is `bytes` long.
 */
export function doTogether(shared, functions, name, pieces, { place, room, bytes }) {
  shared.set([FUNCTIONS.indexOf(name), pieces[0].length, place, room, bytes], FORM);
  pieces.forEach((piece, i) => shared.set(piece, ARGUMENTS + i * MOST_ARGUMENTS));
  Atomics.store(shared, RESULT, 0);
  Atomics.store(shared, LEFT, pieces.length);
  Atomics.store(shared, NEXT, pieces.length << HALF);
  Atomics.add(shared, JOB, 1);
  if (Atomics.load(shared, ASLEEP)) Atomics.notify(shared, JOB);
  take(shared, functions, 0);
  // A page's own thread may not sleep; what is left are the last pieces of the others.
  while (Atomics.load(shared, LEFT)) { /* wait */ }
  const result = Atomics.load(shared, RESULT);
  if (result === FAILED) throw new Error(`A thread of sigfix's kernels failed in ${name}.`);
  return result;
}

/** Help for ever: what a thread beside the first does. */
export function help(shared, functions, thread) {
  for (let job = 0; ; job = Atomics.load(shared, JOB)) {
    take(shared, functions, thread);
    for (let i = 0; i < LOOKS && Atomics.load(shared, JOB) === job; i += 1) { /* look again */ }
    if (Atomics.load(shared, JOB) !== job) continue;
    Atomics.add(shared, ASLEEP, 1);
    Atomics.wait(shared, JOB, job);
    Atomics.sub(shared, ASLEEP, 1);
  }
}
