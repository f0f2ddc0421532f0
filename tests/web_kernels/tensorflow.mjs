// TensorFlow.js in Node.js, and what tests do with it. PACKAGES is the folder with node_modules.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export async function start(packages, backend = 'wasm') {
  const require = createRequire(join(packages, 'request.js'));
  for (const level of ['log', 'warn']) console[level] = () => {};
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  wasm.setWasmPaths(join(folder, 'dist', '/'));
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend(backend);
  await tf.ready();
  return tf;
}

/** What an IO handler gives of a model that lies in a folder. */
export function artifactsOf(folder) {
  const model = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const groups = model.weightsManifest;
  const shards = groups.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, path))));
  return {
    ...model,
    weightSpecs: groups.flatMap(({ weights }) => weights),
    weightData: new Uint8Array(Buffer.concat(shards)).buffer,
  };
}

/** Numbers from 0 to 1, the same each time for a seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** The largest difference, in parts of the range or size; infinite where one alone is no number. */
export function distance(one, other) {
  let [most, low, high] = [0, Infinity, -Infinity];
  if (one.length !== other.length) return Infinity;
  for (let i = 0; i < one.length; i += 1) {
    if (Object.is(one[i], other[i]) || one[i] === other[i]) continue;
    const difference = Math.abs(one[i] - other[i]);
    if (!Number.isFinite(difference)) return Infinity;
    most = Math.max(most, difference);
  }
  for (const value of one) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return most / Math.max(high - low, high, -low, 0.1);
}
