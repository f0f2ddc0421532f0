// The fast kernels against TensorFlow.js's cpu backend: node compare.mjs PACKAGES KERNELS SEED [pieces]
//
// With `pieces` each kernel's work is cut up as for three threads, however small it is.
//
// Prints {kernel: [cases, largest difference, the case with it]}. TensorFlow.js's own wasm kernels
// are replaced by ones that throw first, so that none can answer in place of a fast one.

import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { distance, randomFrom, sizeOf, start } from './tensorflow.mjs';

const [packages, kernels, seed, pieces] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const pick = (from) => from[Math.floor(random() * from.length)];
const some = (least, most) => least + Math.floor(random() * (most - least + 1));
const tf = await start(packages, 'cpu');

const STRANGE = [NaN, Infinity, -Infinity, 0, -0, 1e-30, 1e30];
function values(shape, dtype = 'float32', strange = 0, scale = 2) {
  const data = Array.from({ length: sizeOf(shape) }, () => {
    if (strange && random() < strange) return pick(STRANGE);
    const value = (random() - 0.5) * 2 * scale;
    return dtype === 'int32' ? Math.round(value * 100) : value;
  });
  return { shape, dtype, data };
}

const BATCHES = [[], [0], [1], [3], [16], [2, 3]];
function product(strange) {
  const [m, k, n] = [some(1, 70), some(1, 40), some(1, 40)];
  const [transposeA, transposeB] = [random() < 0.3, random() < 0.4];
  let [outerA, outerB] = pick([
    ...BATCHES.map((outer) => [outer, outer]), [[3], [1]], [[1], [4]], [[2, 1], [1, 3]], [[5], []], [[2, 3], [3]],
  ]);
  if (outerA.length === 0 && outerB.length === 0) [outerA, outerB] = [[1], [1]];
  const a = values([...outerA, ...(transposeA ? [k, m] : [m, k])], 'float32', strange);
  const b = values([...outerB, ...(transposeB ? [n, k] : [k, n])], 'float32', strange);
  return { inputs: { a, b }, attrs: { transposeA, transposeB }, n };
}

/** Half of them by the transforms of winograd.ts, which some numbers that are none run through. */
function convolution() {
  const [batch, height, width] = [pick([0, 1, 3, 16]), some(5, 11), some(5, 11)];
  if (random() < 0.5) {
    const [inner, outer] = [4 * some(3, 8), 4 * some(3, 8)];
    const strange = random() < 0.2 ? 0.001 : 0;
    return {
      inputs: {
        x: values([batch, height, width, inner], 'float32', strange),
        filter: values([3, 3, inner, outer], 'float32', 0, 0.2),
      },
      attrs: { strides: 1, dilations: 1, pad: pick(['same', 'valid', 1]), dataFormat: 'NHWC' },
      outer,
    };
  }
  const [tall, wide, inner, outer] = [some(1, 3), some(1, 3), some(1, 20), some(1, 20)];
  const dilations = pick([[1, 1], [1, 1], [1, 1], [2, 1]]);
  const strides = Math.max(...dilations) > 1 ? [1, 1] : pick([[1, 1], [2, 2], [1, 2]]);
  const sides = [[0, 0], [some(0, 2), some(0, 2)], [some(0, 2), some(0, 2)], [0, 0]];
  return {
    inputs: { x: values([batch, height, width, inner]), filter: values([tall, wide, inner, outer]) },
    attrs: { strides, dilations, pad: pick(['same', 'valid', sides]), dataFormat: 'NHWC' },
    outer,
  };
}

/** Each channel by itself, with as many channels as vectors have places, and others. */
function depthwise() {
  const [batch, height, width] = [pick([0, 1, 3]), some(1, 9), some(4, 14)];
  const [tall, wide, channels] = [some(1, 5), some(2, 5), some(1, 40)];
  const dilations = pick([[1, 1], [1, 1], [1, 1], [2, 1], [1, 2]]);
  // Small windows in steps are left to TensorFlow.js.
  const isWhole = Math.max(...dilations) > 1 || tall * wide < 10;
  const strides = isWhole ? [1, 1] : pick([[1, 1], [2, 2], [2, 1]]);
  const x = values([batch, height, width, channels], 'float32', random() < 0.2 ? 0.01 : 0);
  const fits = tall * dilations[0] <= height && wide * dilations[1] <= width;
  return {
    inputs: { x, filter: values([tall, wide, channels, 1]) },
    attrs: { strides, dilations, pad: fits ? pick(['same', 'valid']) : 'same', dataFormat: 'NHWC' },
    outer: channels,
  };
}

const box = () => Array.from({ length: some(1, 5) }, () => some(1, 6));
const CASES = {
  BatchMatMul: () => {
    const { inputs, attrs } = product(random() < 0.2 ? 0.01 : 0);
    return { inputs, attrs };
  },
  _FusedMatMul: () => {
    const { inputs, attrs, n } = product(0);
    if (random() < 0.7) inputs.bias = values([n]);
    return { inputs, attrs: { ...attrs, activation: pick(['linear', 'relu', 'relu6']) } };
  },
  Conv2D: () => {
    const { inputs, attrs } = convolution();
    return { inputs, attrs };
  },
  DepthwiseConv2dNative: () => {
    const { inputs, attrs } = depthwise();
    return { inputs, attrs };
  },
  FusedDepthwiseConv2D: () => {
    const { inputs, attrs, outer } = depthwise();
    if (random() < 0.7) inputs.bias = values([outer]);
    return { inputs, attrs: { ...attrs, activation: pick(['linear', 'relu', 'relu6']) } };
  },
  FusedConv2D: () => {
    const { inputs, attrs, outer } = convolution();
    if (random() < 0.7) inputs.bias = values([outer]);
    return { inputs, attrs: { ...attrs, activation: pick(['linear', 'relu', 'relu6']) } };
  },
  Erf: () => ({ inputs: { x: values([some(0, 99)], 'float32', 0.1, pick([0.1, 1, 6])) }, attrs: {} }),
  Tanh: () => ({ inputs: { x: values([some(0, 99)], 'float32', 0.1, pick([0.1, 1, 12])) }, attrs: {} }),
  Slice: () => {
    const shape = box();
    const begin = shape.map((size) => some(0, size - 1));
    const size = shape.map((all, axis) => pick([-1, some(1, all - begin[axis])]));
    return { inputs: { x: values(shape, pick(['float32', 'int32'])) }, attrs: { begin, size } };
  },
  SplitV: () => {
    const shape = box();
    const axis = some(0, shape.length - 1);
    shape[axis] = some(2, 12);
    const cut = some(1, shape[axis] - 1);
    const sizes = pick([[cut, shape[axis] - cut], [cut, -1], shape[axis] % 2 ? 1 : 2]);
    const x = values(shape, pick(['float32', 'int32']));
    return { inputs: { x }, attrs: { numOrSizeSplits: sizes, axis: pick([axis, axis - shape.length]) } };
  },
  Concat: () => {
    const shape = box();
    const axis = some(0, shape.length - 1);
    const dtype = pick(['float32', 'int32']);
    const parts = Array.from({ length: some(2, 5) }, () => (
      values(shape.map((size, at) => (at === axis ? some(1, 9) : size)), dtype)));
    return { inputs: parts, attrs: { axis } };
  },
};

/** The batches as TensorFlow broadcasts them: the cpu backend gets some of them wrong. */
function broadcast(tensors) {
  const [outerA, outerB] = [tensors.a, tensors.b].map(({ shape }) => shape.slice(0, -2));
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  for (const key of ['a', 'b']) {
    tensors[key] = tf.broadcastTo(tensors[key], [...outer, ...tensors[key].shape.slice(-2)]);
  }
}

function run(name, { inputs, attrs }) {
  const made = Object.entries(inputs)
    .map(([key, { data, shape, dtype }]) => [key, tf.tensor(data, shape, dtype)]);
  const tensors = Object.fromEntries(made);
  if (tf.getBackend() === 'cpu' && name.endsWith('MatMul')) broadcast(tensors);
  const given = Array.isArray(inputs) ? Object.values(tensors) : tensors;
  const found = [tf.engine().runKernel(name, given, attrs)].flat();
  const results = found.map((tensor) => ({ shape: tensor.shape, data: tensor.dataSync() }));
  for (const tensor of [...Object.values(tensors), ...found]) tensor.dispose();
  return results;
}

const cases = Object.entries(CASES)
  .flatMap(([name, make]) => Array.from({ length: 60 }, () => ({ name, case: make() })));
const expected = cases.map(({ name, case: one }) => run(name, one));
await tf.setBackend('wasm');
for (const name of Object.keys(CASES)) {
  const registered = tf.getKernel(name, 'wasm');
  tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({ ...registered, kernelFunc: () => { throw new Error(`the old ${name}`); } });
}
const load = (name) => import(pathToFileURL(join(kernels, name)));
let cut = 0;
if (pieces) {
  const [{ Kit }, { board, doTogether }] = [await load('backend.mjs'), await load('pieces.mjs')];
  const shared = board();
  const together = (functions, name, some, room) => {
    cut += 1;
    return doTogether(shared, functions, name, some, room);
  };
  const given = { crew: { run: together }, threads: 3, least: 1 };
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(Kit.prototype, name, { get: () => value, set() {} });
  }
}
const { useFastKernels } = await load('index.mjs');
if (!(await useFastKernels(tf))) throw new Error('the kernels are not used');
const before = tf.memory().numTensors;
const found = {};
cases.forEach(({ name, case: one }, number) => {
  const wanted = expected[number];
  const results = run(name, one);
  const apart = wanted.length !== results.length ? Infinity : Math.max(...wanted.map((want, i) => (
    String(want.shape) === String(results[i].shape) ? distance(want.data, results[i].data) : Infinity)));
  found[name] ??= [0, 0, null];
  found[name][0] += 1;
  if (apart > found[name][1]) {
    const shapes = Object.values(one.inputs).map(({ shape }) => shape);
    found[name].splice(1, 2, Number.isFinite(apart) ? apart : 'infinite', { shapes, attrs: one.attrs });
  }
});
if (tf.memory().numTensors !== before) throw new Error('tensors are left behind');
if (pieces && cut < cases.length / 4) throw new Error(`only ${cut} kernels were cut up`);
process.stdout.write(JSON.stringify(found));
