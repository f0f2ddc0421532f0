// TensorFlow.js's wasm backend, and sigfix's own WebAssembly in the same memory.
//
// The module imports the backend's memory, so a tensor is read and written where it lies. What
// this file knows of the inside of TensorFlow.js was looked up in the versions that are TESTED.

import { RELAXED, WASM } from './module.mjs';
import { MOST_PIECES } from './pieces.mjs';
import { startThreads } from './threads.mjs';

/** Versions of TensorFlow.js whose insides are as this folder expects them. */
export const TESTED = ['4.22.0'];

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The backend's memory; its build for several threads, which shares it, keeps it elsewhere. */
function memoryOf(backend) {
  return backend.wasm?.asm?.memory ?? backend.wasm?.wasmMemory;
}

/** `memory` in the module's list of imports, and the kind that it is. */
const IMPORTED = [6, ...[...'memory'].map((letter) => letter.charCodeAt(0)), 2];
const LIMITED = 1;
const SHARED = 3;

/** The build that this computer's WebAssembly understands, or undefined. */
function build() {
  for (const text of [RELAXED, WASM]) {
    const bytes = bytesOf(text);
    if (WebAssembly.validate(bytes)) return bytes;
  }
  return undefined;
}

/** The module for a memory; one that threads share is another type, told apart by one byte. */
function moduleFor(memory) {
  const bytes = build();
  if (memory.buffer instanceof ArrayBuffer) return bytes;
  const at = bytes.findIndex((_, start) => IMPORTED.every((byte, i) => bytes[start + i] === byte));
  const flag = at + IMPORTED.length;
  if (at < 0 || bytes[flag] !== LIMITED) throw new Error('the module imports no such memory');
  bytes[flag] = SHARED;
  return bytes;
}

/** Why the kernels cannot serve this TensorFlow.js as it is set up now; '' where they can. */
export function obstacle(tf) {
  const version = tf.version?.tfjs ?? tf.version_core;
  if (!TESTED.includes(version)) {
    return `TensorFlow.js ${version} is not a version that they were tested with (${TESTED})`;
  }
  if (tf.getBackend() !== 'wasm') return `the backend is ${tf.getBackend()}, not wasm`;
  if (!(memoryOf(tf.backend()) instanceof WebAssembly.Memory)) {
    return 'the wasm backend has its memory somewhere else';
  }
  if (!build()) return 'WebAssembly here has no SIMD';
  return '';
}

/** Pieces for each thread: one that is slower than the others takes fewer. */
const PIECES = 4;
/** That many take some 20 microseconds. */
const LEAST = 3e5;
/** Bytes of a cache line. */
const LINE = 64;

/** What a kernel works with: the WebAssembly functions, and places of tensors in its memory. */
export class Kit {
  /** `threads` of the backend; `crew` is what `startThreads` gave, null where there is one thread. */
  constructor(tf, functions, threads, crew) {
    this.tf = tf;
    this.backend = tf.backend();
    this.functions = functions;
    this.threads = threads;
    this.crew = crew;
    this.roomAt = 0;
    this.roomBytes = 0;
    this.panels = new Map(); // data ids -> {kind: where what was made of them lies}
    this.freeWithTensors();
  }

  /** Products that are worth a piece. */
  get least() {
    return LEAST;
  }

  /** Whether a call is for the backend that this kit was made for. */
  serves(backend) {
    return backend === this.backend;
  }

  /** Where the values of a tensor lie. */
  at(tensor) {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  output(shape, dtype = 'float32') {
    return this.backend.makeOutput(shape, dtype);
  }

  /** Room for `bytes` bytes, until the next call of this. */
  room(bytes) {
    if (bytes > this.roomBytes) {
      const { wasm } = this.backend;
      wasm._free(this.roomAt);
      this.roomAt = wasm._malloc(bytes) >>> 0;
      this.roomBytes = bytes;
    }
    return this.roomAt;
  }

  /**
   * Ranges [from, to] of `total` things, which cost `products` together: one for a piece.
   *
   * A range has a multiple of `unit` things, the last one may not.
   */
  ranges(total, products, unit = 1) {
    const most = this.crew ? Math.min(PIECES * this.threads, MOST_PIECES) : 1;
    const count = Math.max(1, Math.min(most, Math.floor(products / this.least), Math.floor(total / unit)));
    const size = Math.ceil(total / count / unit) * unit;
    const found = [];
    for (let from = 0; from < total; from += size) found.push([from, Math.min(from + size, total)]);
    return found;
  }

  /**
   * Call a function of the WebAssembly for each list of arguments, and return their bits together.
   *
   * Each piece needs `bytes` bytes of room, whose place is the argument number `place`.
   */
  run(name, pieces, place = -1, bytes = 0) {
    if (!pieces.length) return 0;
    const own = (bytes + LINE - 1) & ~(LINE - 1);
    const isAlone = pieces.length === 1 || !this.crew;
    const room = place < 0 ? 0 : this.room(isAlone ? bytes : own * this.threads);
    if (!isAlone) return this.crew.run(this.functions, name, pieces, { place, room, bytes: own });
    let result = 0;
    for (const piece of pieces) {
      if (place >= 0) piece[place] = room;
      result |= this.functions[name](...piece);
    }
    return result;
  }

  /**
   * Where what a kernel made of a tensor lies, `bytes` bytes that `make(at)` writes the first time.
   * They are kept as long as the tensor is, as XNNPACK keeps its own; a tensor's values never
   * change.
   */
  kept(tensor, kind, bytes, make) {
    const found = this.panels.get(tensor.dataId) ?? {};
    if (found[kind] === undefined) {
      found[kind] = this.backend.wasm._malloc(bytes) >>> 0;
      this.panels.set(tensor.dataId, found);
      make(found[kind]);
    }
    return found[kind];
  }

  /** Where a matrix [k, n] lies in panels. */
  packed(matrix, k, n) {
    return this.kept(matrix, 'panels', (((n + 7) >> 3) * k) << 5, (at) => (
      this.functions.pack(this.at(matrix), n << 2, at, k, n)));
  }

  freeWithTensors() {
    const { backend, panels } = this;
    const dispose = backend.disposeData;
    backend.disposeData = function disposeData(dataId, force) {
      const gone = dispose.call(this, dataId, force);
      if (gone) {
        for (const at of Object.values(panels.get(dataId) ?? {})) backend.wasm._free(at);
        panels.delete(dataId);
      }
      return gone;
    };
  }
}

const started = new WeakMap(); // backends -> the threads that they were started with

/** The threads of a backend, which XNNPACK may have been told to do without since. */
function threadsOf(backend, memory) {
  if (memory.buffer instanceof ArrayBuffer) return 1;
  if (!started.has(backend)) started.set(backend, backend.wasm.tfjs.getThreadsCount());
  return started.get(backend);
}

/** A kit for the current backend; `obstacle` has said that there is none. */
export async function makeKit(tf) {
  const backend = tf.backend();
  const memory = memoryOf(backend);
  const { module, instance } = await WebAssembly.instantiate(moduleFor(memory), { env: { memory } });
  const threads = threadsOf(backend, memory);
  const crew = threads > 1 ? await startThreads(threads, module, memory) : null;
  // XNNPACK's threads would wait for work, spinning, beside those that have it.
  if (crew) backend.wasm.tfjs.initWithThreadsCount(1);
  return new Kit(tf, instance.exports, threads, crew);
}

/** The number of elements of a shape. */
export function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
