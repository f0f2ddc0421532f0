// Rounding errors of convolutions, plain and with the kernels: node exact.mjs PACKAGES KERNELS
//
// Prints {channels: [plain, fast]}: what a 3 x 3 convolution of that many channels is away from one
// in float64, the root of the mean square in parts of the result's. Numbers are as they are in a
// network: images behind a Relu, kernels that keep the variance.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomFrom, start } from './tensorflow.mjs';

const [packages, kernels] = process.argv.slice(2);
const random = randomFrom(1);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const filled = (count, make) => Float32Array.from({ length: count }, make);
const tf = await start(packages);
const [SIDE, OUTER] = [20, 16];
const CHANNELS = [32, 64, 128, 256, 512];

const cases = CHANNELS.map((channels) => {
  const scale = Math.sqrt(2 / 9 / channels);
  return {
    channels,
    x: filled(SIDE * SIDE * channels, () => Math.max(0, normal())),
    filter: filled(9 * channels * OUTER, () => scale * normal()),
  };
});

/** Without padding, in doubles. */
function exact({ channels, x, filter }) {
  const side = SIDE - 2;
  const found = new Float64Array(side * side * OUTER);
  for (let at = 0; at < side * side; at += 1) {
    const [top, left] = [Math.floor(at / side), at % side];
    for (let tap = 0; tap < 9; tap += 1) {
      const pixel = ((top + Math.floor(tap / 3)) * SIDE + left + (tap % 3)) * channels;
      for (let c = 0; c < channels; c += 1) {
        const row = (tap * channels + c) * OUTER;
        for (let n = 0; n < OUTER; n += 1) found[at * OUTER + n] += x[pixel + c] * filter[row + n];
      }
    }
  }
  return found;
}

function error({ channels, x, filter }, wanted) {
  const [image, kernel] = [tf.tensor(x, [1, SIDE, SIDE, channels]), tf.tensor(filter, [3, 3, channels, OUTER])];
  const result = tf.conv2d(image, kernel, 1, 'valid');
  let [apart, all] = [0, 0];
  result.dataSync().forEach((value, i) => {
    apart += (value - wanted[i]) ** 2;
    all += wanted[i] ** 2;
  });
  tf.dispose([image, kernel, result]);
  return Math.sqrt(apart / all);
}

const expected = cases.map(exact);
const plain = cases.map((each, i) => error(each, expected[i]));
const { useFastKernels } = await import(pathToFileURL(join(kernels, 'index.mjs')));
if (!(await useFastKernels(tf))) throw new Error('the kernels are not used');
const fast = cases.map((each, i) => error(each, expected[i]));
process.stdout.write(JSON.stringify(
  Object.fromEntries(CHANNELS.map((channels, i) => [channels, [plain[i], fast[i]]]))));
