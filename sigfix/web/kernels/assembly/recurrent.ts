// A recurrent layer of zero initial state as one kernel.
//
// x [steps, batch, gates, directions, units] is what the input gives to the gates, out [steps,
// batch, directions, units] the states. Bit d of `turned_in` says that direction d takes its steps
// of x from the last to the first, of `turned_out` that it writes them so. Its recurrent matrix
// [units, gates * units] is packed into panels, one direction after the other.

import { gate_tanh4, sigmoid4 } from './functions';
import { multiply_add } from './multiply_add';
import { panel_bytes } from './packing';
import { multiply } from './products';

/**
 * Zero in place of what is nearly zero, NaN as it is.
 *
 * Gates that are nearly closed make states smaller and smaller, down to the subnormal numbers, with
 * which a processor multiplies fifty times slower: so a black image took four times as long.
 */
@inline
function settled(state: v128): v128 {
  return v128.andnot(state, f32x4.lt(f32x4.abs(state), f32x4.splat(1e-30)));
}

@inline
function lane(to: usize, value: v128): void {
  v128.store_lane<f32>(to, value, 0);
}

/**
 * Direction `d` of the words from `first` to `last` of the batch. Gates input, output, forget, cell.
 *
 * `c` is room for [words, units], and behind it for [words, 4 units] of gates.
 */
export function lstm(
  x: usize, panels: usize, out: usize, c: usize, steps: i32, batch: i32, directions: i32, units: i32,
  turned_in: i32, turned_out: i32, d: i32, first: i32, last: i32,
): void {
  const row = units << 2, width = directions * row, gates = 4 * row, words = last - first;
  const own = panels + d * panel_bytes(units, 4 * units), g = c + words * row;
  let previous: usize = 0;
  memory.fill(c, 0, words * row);
  for (let t = 0; t < steps; t++) {
    const from = (turned_in >> d) & 1 ? steps - 1 - t : t;
    const at = (turned_out >> d) & 1 ? steps - 1 - t : t;
    const now = out + (at * batch + first) * width + d * row;
    if (t) multiply(previous, width, 4, own, g, gates, words, units, 4 * units);
    else memory.fill(g, 0, words * gates);
    for (let b = 0; b < words; b++) {
      const xb = x + (from * batch + first + b) * 4 * width + d * row;
      lstm_step(xb, width, g + b * gates, row, c + b * row, now + b * width);
    }
    previous = now;
  }
}

/** c = f c + i z, h = o tanh(c), of one word: `row` bytes. */
@inline
function lstm_step(x: usize, width: i32, g: usize, row: i32, c: usize, h: usize): void {
  let j = 0;
  for (; j + 16 <= row; j += 16) {
    const i = sigmoid4(f32x4.add(v128.load(g + j), v128.load(x + j)));
    const o = sigmoid4(f32x4.add(v128.load(g + row + j), v128.load(x + width + j)));
    const f = sigmoid4(f32x4.add(v128.load(g + 2 * row + j), v128.load(x + 2 * width + j)));
    const z = gate_tanh4(f32x4.add(v128.load(g + 3 * row + j), v128.load(x + 3 * width + j)));
    const state = settled(multiply_add(f, v128.load(c + j), f32x4.mul(i, z)));
    v128.store(c + j, state);
    v128.store(h + j, settled(f32x4.mul(o, gate_tanh4(state))));
  }
  for (; j < row; j += 4) {
    const i = sigmoid4(f32x4.splat(load<f32>(g + j) + load<f32>(x + j)));
    const o = sigmoid4(f32x4.splat(load<f32>(g + row + j) + load<f32>(x + width + j)));
    const f = sigmoid4(f32x4.splat(load<f32>(g + 2 * row + j) + load<f32>(x + 2 * width + j)));
    const z = gate_tanh4(f32x4.splat(load<f32>(g + 3 * row + j) + load<f32>(x + 3 * width + j)));
    const state = settled(multiply_add(f, v128.load32_splat(c + j), f32x4.mul(i, z)));
    lane(c + j, state);
    lane(h + j, settled(f32x4.mul(o, gate_tanh4(state))));
  }
}
