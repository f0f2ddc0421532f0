// TensorFlow.js's wasm backend, and sigfix's own WebAssembly in the same memory.
//
// The module imports the backend's memory, so a tensor is read and written where it lies. What
// this file knows of the inside of TensorFlow.js was looked up in the versions that are TESTED.

import { WASM } from './module.mjs';

/** Versions of TensorFlow.js whose insides are as this folder expects them. */
export const TESTED = ['4.22.0'];

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The backend's memory; its build for several threads keeps it elsewhere. */
function memoryOf(backend) {
  return backend.wasm?.asm?.memory;
}

/** Why the kernels cannot serve this TensorFlow.js as it is set up now; '' where they can. */
export function obstacle(tf) {
  const version = tf.version?.tfjs ?? tf.version_core;
  if (!TESTED.includes(version)) {
    return `TensorFlow.js ${version} is not a version that they were tested with (${TESTED})`;
  }
  if (tf.getBackend() !== 'wasm') return `the backend is ${tf.getBackend()}, not wasm`;
  const memory = memoryOf(tf.backend());
  if (!(memory instanceof WebAssembly.Memory && memory.buffer instanceof ArrayBuffer)) {
    return 'the wasm backend is the one for several threads';
  }
  if (!WebAssembly.validate(bytesOf(WASM))) return 'WebAssembly here has no SIMD';
  return '';
}

/** What a kernel works with: the WebAssembly functions, and places of tensors in its memory. */
export class Kit {
  constructor(tf, functions) {
    this.tf = tf;
    this.backend = tf.backend();
    this.functions = functions;
    this.roomAt = 0;
    this.roomBytes = 0;
    this.panels = new Map(); // data ids -> where their matrices lie packed
    this.freeWithTensors();
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
   * Where a matrix [k, n] lies in panels. They are kept as long as the tensor is, as XNNPACK keeps
   * its own; a tensor's values never change.
   */
  packed(matrix, k, n) {
    let at = this.panels.get(matrix.dataId);
    if (at === undefined) {
      at = this.backend.wasm._malloc((((n + 7) >> 3) * k) << 5) >>> 0;
      this.functions.pack(this.at(matrix), n << 2, at, k, n);
      this.panels.set(matrix.dataId, at);
    }
    return at;
  }

  freeWithTensors() {
    const { backend, panels } = this;
    const dispose = backend.disposeData;
    backend.disposeData = function disposeData(dataId, force) {
      const gone = dispose.call(this, dataId, force);
      const at = gone ? panels.get(dataId) : undefined;
      if (at !== undefined) {
        backend.wasm._free(at);
        panels.delete(dataId);
      }
      return gone;
    };
  }
}

/** A kit for the current backend; `obstacle` has said that there is none. */
export async function makeKit(tf) {
  const memory = memoryOf(tf.backend());
  const { instance } = await WebAssembly.instantiate(bytesOf(WASM), { env: { memory } });
  return new Kit(tf, instance.exports);
}

/** The number of elements of a shape. */
export function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
