// Time two TensorFlow.js graph models (wasm, one thread) in turns in one process.
// usage: node two_models.mjs PACKAGES FIRST SECOND SHAPE ROUNDS   (SHAPE as 1,64,128)
import {readFileSync, statSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';

const [packages, first, second, shapeText, rounds] = process.argv.slice(2);
const require = createRequire(join(resolve(packages), 'request.js'));
for (const level of ['log', 'info', 'warn']) console[level] = () => {};
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
wasm.setWasmPaths(join(folder, 'dist', '/'));
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
await tf.setBackend('wasm');
await tf.ready();

const shape = shapeText.split(',').map(Number);
const x = tf.randomNormal(shape, 0, 1, 'float32', 1);

async function load(path) {
  const model = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8'));
  const [group] = model.weightsManifest;
  const weights = Buffer.concat(group.paths.map((name) => readFileSync(join(path, name))));
  const weightData = weights.buffer.slice(
    weights.byteOffset, weights.byteOffset + weights.byteLength);
  const start = performance.now();
  const made = await tf.loadGraphModel(
    {load: async () => ({...model, weightSpecs: group.weights, weightData})});
  const graph = statSync(join(path, 'model.json')).size;
  return {made, load_ms: performance.now() - start, bytes: graph + weights.length, times: []};
}

async function run(side) {
  const start = performance.now();
  let result;
  if (side.asynchronous === undefined) {
    try {
      result = side.made.execute(x);
      side.asynchronous = false;
    } catch {
      side.asynchronous = true;
    }
  }
  result ??= side.asynchronous ? await side.made.executeAsync(x) : side.made.execute(x);
  side.values = Array.from(await result.data());
  result.dispose();
  return performance.now() - start;
}

const sides = [await load(first), await load(second)];
for (let i = 0; i < 3; i++) for (const side of sides) await run(side);
for (let i = 0; i < Number(rounds); i++) for (const side of sides) side.times.push(await run(side));
const difference = Math.max(...sides[0].values.map((v, i) => Math.abs(v - sides[1].values[i])));
process.stdout.write(JSON.stringify({
  difference,
  sides: sides.map(({asynchronous, load_ms, bytes, times}) => (
    {asynchronous, load_ms, bytes, times_ms: times})),
}) + '\n');
process.exit(0);
