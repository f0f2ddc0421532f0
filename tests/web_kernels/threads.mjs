// Which products and convolutions are left to XNNPACK's threads: node threads.mjs PACKAGES KERNELS
//
// Prints {threads: [[kernel, shapes, whether the original was called], ...]} for one and two threads.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from './tensorflow.mjs';

const [packages, kernels] = process.argv.slice(2);
const tf = await start(packages);
const load = (name) => import(pathToFileURL(join(kernels, name)));
const { makeKit } = await load('backend.mjs');
const [{ batchMatMul, fusedMatMul }, { conv2D }] = [await load('products.mjs'), await load('convolutions.mjs')];
const kit = await makeKit(tf);
const CONVOLUTION = { strides: 1, dilations: 1, pad: 'same', dataFormat: 'NHWC' };
const CASES = [
  [batchMatMul, ['a', 'b'], [99, 100], [100, 100], {}],
  [batchMatMul, ['a', 'b'], [100, 100], [100, 100], {}],
  [batchMatMul, ['a', 'b'], [100, 100], [100, 100], { transposeB: true }],
  [fusedMatMul, ['a', 'b'], [99, 100], [100, 100], { activation: 'linear' }],
  [fusedMatMul, ['a', 'b'], [100, 100], [100, 100], { activation: 'linear' }],
  [conv2D, ['x', 'filter'], [1, 10, 10, 50], [1, 1, 50, 100], CONVOLUTION],
  [conv2D, ['x', 'filter'], [1, 20, 20, 50], [1, 1, 50, 100], CONVOLUTION],
  [conv2D, ['x', 'filter'], [1, 20, 20, 64], [3, 3, 64, 64], CONVOLUTION], // by Winograd's way
];
const found = {};
for (const threads of [1, 2]) {
  kit.threads = threads;
  found[threads] = CASES.map(([make, names, one, other, attrs]) => {
    let left = false;
    const kernel = make(kit, () => { left = true; });
    const inputs = { [names[0]]: tf.ones(one), [names[1]]: tf.ones(other) };
    kernel({ inputs, attrs, backend: tf.backend() });
    return [make.name, [one, other], left];
  });
}
process.stdout.write(JSON.stringify(found));
