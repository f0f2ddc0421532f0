// The LSTM kernel against its equations on the cpu backend: node recurrent.mjs PACKAGES KERNELS SEED
//
// Prints [cases, largest difference, the case with it, the least number above zero]. Every third
// word has output gates that are closed, and states next to nothing.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance, randomFrom, sizeOf, start } from './tensorflow.mjs';

const [packages, kernels, seed] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const some = (least, most) => least + Math.floor(random() * (most - least + 1));
const tf = await start(packages, 'cpu');
const load = (name) => import(pathToFileURL(join(kernels, name)));
const filled = (shape, scale) => Array.from({ length: sizeOf(shape) }, () => (random() - 0.5) * scale);

/** [steps, batch, units] of one direction, from its equations; gates input, output, forget, cell. */
function direction(x, matrix, steps, units, turnedIn, turnedOut) {
  return tf.tidy(() => {
    const inputs = tf.unstack(x, 0);
    if (turnedIn) inputs.reverse();
    const batch = x.shape[1];
    let [h, c] = [tf.zeros([batch, units]), tf.zeros([batch, units])];
    const states = inputs.map((one) => {
      const [i, o, f, z] = tf.split(tf.add(one, tf.matMul(h, matrix)), 4, 1);
      c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(z)));
      h = tf.mul(tf.sigmoid(o), tf.tanh(c));
      return h;
    });
    if (turnedOut) states.reverse();
    return tf.stack(states).dataSync();
  });
}

const shapes = [
  [5, 1, 1, 8], [3, 3, 2, 5], [4, 16, 2, 12], [2, 7, 1, 33], [6, 4, 2, 32], [9, 1, 2, 64],
  [3, 0, 2, 4],
];
const cases = shapes.map(([steps, batch, directions, units]) => {
  const width = directions * units;
  const [turnedIn, turnedOut] = [some(0, 3), some(0, 3)].map((bits) => bits & ((1 << directions) - 1));
  const x = filled([steps, batch, 4, directions, units], 3).map((value, at) => {
    const [gate, word] = [Math.floor(at / width) % 4, Math.floor(at / width / 4) % batch];
    return gate === 1 && word % 3 === 2 ? value - 90 : value;
  });
  const blocks = Array.from({ length: directions }, () => filled([units, 4 * units], 1.5));
  const matrix = new Array(width * 4 * width).fill(0);
  for (let d = 0; d < directions; d += 1) {
    for (let row = 0; row < units; row += 1) {
      for (let column = 0; column < 4 * units; column += 1) {
        const gate = Math.floor(column / units);
        matrix[(d * units + row) * 4 * width + (gate * directions + d) * units + (column % units)]
          = blocks[d][row * 4 * units + column];
      }
    }
  }
  const expected = new Array(steps * batch * width);
  for (let d = 0; d < directions; d += 1) {
    const own = tf.tidy(() => tf.reshape(
      tf.slice(tf.tensor(x, [steps, batch, 4, directions, units]), [0, 0, 0, d, 0],
        [-1, -1, -1, 1, -1]), [steps, batch, 4 * units]));
    const states = direction(own, tf.tensor(blocks[d], [units, 4 * units]), steps, units,
      (turnedIn >> d) & 1, (turnedOut >> d) & 1);
    states.forEach((value, at) => {
      expected[Math.floor(at / units) * width + d * units + (at % units)] = value;
    });
  }
  return { steps, batch, directions, units, turnedIn, turnedOut, x, matrix, expected };
});

await tf.setBackend('wasm');
const [{ makeKit }, { lstm, packRecurrent }] = [await load('backend.mjs'), await load('recurrent.mjs')];
const kit = await makeKit(tf);
let [worst, least] = [[0, null], Infinity];
for (const { x, matrix, expected, ...attrs } of cases) {
  const { steps, batch, directions, units } = attrs;
  const gates = tf.tensor(x, [steps * batch, 4 * directions * units]);
  const whole = tf.tensor(matrix, [directions * units, 4 * directions * units]);
  const panels = packRecurrent(kit, whole, directions, units);
  const out = lstm(kit)({ inputs: { x: gates, panels }, attrs, backend: tf.backend() });
  const found = tf.backend().readSync(out.dataId);
  for (const value of found) if (value) least = Math.min(least, Math.abs(value));
  const apart = distance(Float32Array.from(expected), found);
  if (apart > worst[0]) worst = [apart, attrs];
}
process.stdout.write(JSON.stringify([cases.length, ...worst, least]));
