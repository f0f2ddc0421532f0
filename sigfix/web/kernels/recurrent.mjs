// LSTM layers as one kernel each, in place of an operator for every part of every step.

import { sizeOf } from './backend.mjs';

export const LSTM = 'SigfixLSTM';

/**
 * Panels of the recurrent matrix of each direction, as a new tensor.
 *
 * `matrix` [directions * units, 4 * directions * units] has blocks of zeros where one direction's
 * state would meet the other's gates; gate by gate, the directions side by side.
 */
export function packRecurrent(kit, matrix, directions, units) {
  const gates = matrix.shape[1] / (directions * units);
  const panel = (((gates * units + 7) >> 3) * units) << 3;
  const packed = kit.output([directions, panel]);
  const row = matrix.shape[1] * 4;
  const room = kit.room(units * gates * units * 4);
  for (let d = 0; d < directions; d += 1) {
    const from = kit.at(matrix) + d * units * row;
    for (let gate = 0; gate < gates; gate += 1) {
      const first = from + (gate * directions + d) * units * 4;
      kit.functions.copy_rows(first, row, room + gate * units * 4, gates * units * 4, units * 4, units);
    }
    kit.functions.pack(room, gates * units * 4, kit.at(packed) + d * panel * 4, units, gates * units);
  }
  return packed;
}

/** Words of a piece: fewer would read the matrix for too little. */
const FEWEST = 4;

/** The kernel: `x` [steps * batch, 4 * directions * units], `panels` of `packRecurrent`. */
export function lstm(kit) {
  return ({ inputs: { x, panels }, attrs, backend }) => {
    if (!kit.serves(backend)) {
      throw new Error('This model was loaded for another backend. Load it again with loadModel.');
    }
    const { steps, directions, units, turnedIn, turnedOut } = attrs;
    const width = directions * units;
    const batch = sizeOf(x.shape) / (steps * 4 * width);
    const out = kit.output([steps * batch, width]);
    const products = steps * batch * 4 * units * units;
    const given = [kit.at(x), kit.at(panels), kit.at(out), 0,
      steps, batch, directions, units, turnedIn, turnedOut];
    const fewest = Math.max(FEWEST, Math.ceil(batch * directions / (2 * kit.threads)));
    const ranges = kit.ranges(batch, products, fewest);
    const pieces = Array.from({ length: directions }, (_, d) => ranges.map((range) => (
      [...given, d, ...range])));
    kit.run('lstm', pieces.flat(), 3, 5 * batch * units * 4);
    return out;
  };
}
