// Load a model plain and with loadModel, and run both on ones:
//   node loading.mjs PACKAGES KERNELS MODEL BACKEND VERSION
//
// Prints {used, own, infos, apart, tensors}: whether the kernels are used, how many operators are
// sigfix's own, what console.info said, how far the outputs are apart, and how many tensors more
// there are once both models are disposed. VERSION is what TensorFlow.js says that it is.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { artifactsOf, distance, start } from './tensorflow.mjs';

const [packages, kernels, folder, backend, version] = process.argv.slice(2);
const infos = [];
console.info = (text) => infos.push(text);
const real = await start(packages, backend);
infos.length = 0;
const tf = version ? { ...real, version: { ...real.version, tfjs: version } } : real;
const { loadModel, useFastKernels } = await import(pathToFileURL(join(kernels, 'index.mjs')));

const load = async () => artifactsOf(folder);

const before = tf.memory().numTensors;
function run(model) {
  const [{ name, shape }] = model.inputs;
  const found = [];
  for (const batch of [1, 3]) {
    const sizes = shape.map((size) => (size < 0 ? batch : size));
    const size = sizes.reduce((a, b) => a * b, 1);
    const input = tf.tidy(() => tf.sin(tf.reshape(tf.range(0, size), sizes)));
    const output = model.execute({ [name]: input });
    for (const tensor of [output].flat()) found.push(...tensor.dataSync());
    tf.dispose([input, output]);
  }
  return found;
}

const plainModel = await tf.loadGraphModel({ load });
const plain = run(plainModel);
plainModel.dispose();
const used = [await useFastKernels(tf), await useFastKernels(tf)];
const model = await loadModel({ load });
const fast = run(model);
const own = Object.values(model.executor.graph.nodes).filter(({ op }) => op.startsWith('Sigfix'));
model.dispose();
const apart = distance(plain, fast);
process.stdout.write(JSON.stringify({
  used, own: own.length, infos, apart: Number.isFinite(apart) ? apart : 'infinite',
  tensors: tf.memory().numTensors - before,
}));
