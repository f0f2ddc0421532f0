// Time two TensorFlow.js graph models (wasm, one thread) in turns in one process.
// usage: node two_models.mjs PACKAGES FIRST SECOND SHAPE ROUNDS   (SHAPE as 1,64,128)
import {statSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {artifactsOf, start as startTensorFlow} from '../../web_kernels/tensorflow.mjs';

const [packages, first, second, shapeText, rounds] = process.argv.slice(2);
console.info = () => {};
const tf = await startTensorFlow(resolve(packages));

const shape = shapeText.split(',').map(Number);
const x = tf.randomNormal(shape, 0, 1, 'float32', 1);

async function load(path) {
  const artifacts = artifactsOf(path);
  const start = performance.now();
  const made = await tf.loadGraphModel({load: async () => artifacts});
  const load_ms = performance.now() - start;
  const bytes = statSync(join(path, 'model.json')).size + artifacts.weightData.byteLength;
  return {made, load_ms, bytes, times: []};
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
