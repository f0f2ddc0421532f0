// One model with sigfix's kernels, plain, and in ONNX Runtime Web, in turns in one process:
//   node three_ways.mjs TFJS_PACKAGES ORT_PACKAGES KERNELS MODEL FILE.onnx OUTPUT IMAGES SHAPE SECONDS
//
// wasm with one thread, inputs the same: the floats in the file IMAGES, whose SHAPE is written as
// 1,32,128,3; ONNX gets them channels first.
//
// Prints {fast, plain, ort, difference, noise, load: [fast, plain], kernels, products, limit}:
// medians (of `load` the least) in milliseconds of the processor, the largest difference in parts
// of the range of fast and plain, and of plain and ONNX Runtime Web, a profile, how many products
// the operators ask for, and how many a millisecond XNNPACK's largest convolution does.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { artifactsOf, start as startTensorFlow } from '../../web_kernels/tensorflow.mjs';

const [tfjs, web, kernels, folder, onnx, output, images, shapeText, seconds] = process.argv.slice(2);
console.info = () => {};
const tf = await startTensorFlow(tfjs);
const imported = await import(pathToFileURL(
  createRequire(join(web, 'package.json')).resolve('onnxruntime-web')));
const ort = imported.default ?? imported;
ort.env.wasm.numThreads = 1;

const load = async () => artifactsOf(folder);

/** Milliseconds of the processor: other work on the machine makes the clock's longer. */
async function timed(action) {
  const start = process.cpuUsage();
  const result = await action();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e3];
}

const [LOADS, LOADING] = [6, 4000]; // loads of each at least, milliseconds for more of them
const MOST_LOADS = 60;
const LEAST = 3; // rounds, for a median
const LARGE = { x: tf.randomNormal([1, 64, 64, 256]), filter: tf.randomNormal([1, 1, 256, 256]) };
const LARGE_PRODUCTS = 64 * 64 * 256 * 256;

const sizeOf = (shape) => shape.reduce((one, other) => one * other, 1);
/** Products of a kernel of tf.profile, as its operator asks for them. */
function productsOf({ name, inputShapes: [x, other], outputShapes: [out] }) {
  if (/Depthwise/.test(name)) return sizeOf(out) * other[0] * other[1];
  if (name === 'Conv2DBackpropInput') return sizeOf(x) * sizeOf(other.slice(0, 3));
  if (/Conv2D/.test(name)) return sizeOf(out) * sizeOf(other.slice(0, 3));
  if (/MatMul/.test(name)) return sizeOf(out) * (sizeOf(x.slice(-2)) / out.at(-2));
  return 0;
}

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const registered = () => new Map(tf.getKernelsForBackend('wasm')
  .map((kernel) => [kernel.kernelName, kernel]));

const before = registered();
const { loadModel, useFastKernels } = await import(pathToFileURL(join(kernels, 'index.mjs')));
if (!(await useFastKernels(tf))) throw new Error('the kernels are not used');

/** Both models, and the least of many loads of each, the other first each time. */
async function loaded() {
  const loaders = [() => loadModel({ load }), () => tf.loadGraphModel({ load })];
  const spent = [[], []];
  const begin = performance.now();
  const isEnough = (i) => i >= MOST_LOADS || (i >= LOADS && performance.now() - begin > LOADING);
  for (let i = 0; ; i += 1) {
    const models = [];
    for (const which of i % 2 ? [0, 1] : [1, 0]) {
      const [model, milliseconds] = await timed(loaders[which]);
      models[which] = model;
      if (i) spent[which].push(milliseconds); // the first one compiles TensorFlow.js
    }
    if (isEnough(i)) return [models, spent.map((each) => Math.min(...each))];
    models.forEach((model) => model.dispose());
  }
}

const [[fast, plain], loading] = await loaded();
const after = registered();
const replaced = [...before.keys()].filter((name) => before.get(name) !== after.get(name));
function use(kernelsNow) {
  for (const name of replaced) {
    tf.unregisterKernel(name, 'wasm');
    tf.registerKernel(kernelsNow.get(name));
  }
}

const session = await ort.InferenceSession.create(onnx, {
  executionProviders: ['wasm'], graphOptimizationLevel: 'all',
});
const { buffer } = new Uint8Array(readFileSync(images));
const input = tf.tensor(new Float32Array(buffer), shapeText.split(',').map(Number));
const first = tf.transpose(input, [0, 3, 1, 2]);
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', first.dataSync(), first.shape) };
function answer(model) {
  const result = model.execute({ input }, output);
  const values = result.dataSync();
  result.dispose();
  return values;
}
const ways = {
  fast: () => { use(after); return answer(fast); },
  plain: () => { use(before); return answer(plain); },
  ort: () => session.run(feeds),
};
const [one, other] = [ways.fast(), ways.plain()];
const third = Object.values(await ways.ort())[0].data; // one channel, or none: the same order
/** The largest difference, in parts of the range. */
function apart(some, others) {
  let [most, low, high] = [0, Infinity, -Infinity];
  others.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - some[i]));
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  });
  return most / (high - low);
}
ways.fast(); // from now on from a tape
ways.limit = () => {
  use(before);
  const made = tf.engine().runKernel('FusedConv2D', LARGE, {
    strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1, activation: 'linear',
  });
  made.dataSync();
  made.dispose();
};
ways.limit();
const times = { fast: [], plain: [], ort: [], limit: [] };
const start = performance.now();
while (times.ort.length < LEAST
    || (times.ort.length < 60 && performance.now() - start < 1000 * Number(seconds))) {
  for (const [name, run] of Object.entries(ways)) times[name].push((await timed(run))[1]);
}
tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false);
use(before);
const asked = (await tf.profile(() => plain.execute({ input }, output))).kernels
  .filter(({ name }) => !name.endsWith('__op'));
const products = asked.reduce((sum, kernel) => sum + productsOf(kernel), 0);
use(after);
const rows = new Map();
for (const kernel of (await tf.profile(() => fast.execute({ input }, output))).kernels) {
  if (kernel.name.endsWith('__op')) continue;
  const row = rows.get(kernel.name) ?? { name: kernel.name, calls: 0, ms: 0 };
  row.calls += 1;
  row.ms += await kernel.kernelTimeMs;
  rows.set(kernel.name, row);
}
process.stdout.write(JSON.stringify({
  ...Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)])),
  difference: apart(one, other),
  noise: apart(other, third),
  load: loading,
  products,
  limit: LARGE_PRODUCTS / Math.min(...times.limit),
  kernels: [...rows.values()].sort((a, b) => b.ms - a.ms).slice(0, 6),
}));
process.exit(0);
