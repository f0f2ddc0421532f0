// Convolutions and dense layers: rows of the image against one packed matrix.

import { finish_rows, multiply } from './products';

const MOST_ROWS = 64;
const FEWEST = 4;
const PATCH_FLOATS = 65536; // that stay in the second-level cache with the panels

/**
 * y [m, n] = the activation of x [m, k] (`panels`: [k, n]) + bias, some rows at a time; the rows of y
 * are `row` bytes apart.
 */
export function dense(
  x: usize, panels: usize, bias: usize, y: usize, row: i32, m: i32, k: i32, n: i32, activation: i32,
): void {
  for (let first = 0, rows = MOST_ROWS; first < m; first += rows) {
    if (m - first < MOST_ROWS + FEWEST) rows = m - first; // a last row alone would read all panels
    const to = y + first * row;
    multiply(x + first * (k << 2), k << 2, 4, panels, to, row, rows, k, n);
    if (bias || activation) finish_rows(to, row, bias, rows, n, activation);
  }
}

/** How many pixels of a convolution over `k` numbers each are computed together. */
@inline
function rows_of(k: i32): i32 {
  return max(16, min(MOST_ROWS, (PATCH_FLOATS / k) & ~3));
}

/** Bytes that `convolve` needs for its patches. */
export function patch_bytes(k: i32): i32 {
  return (rows_of(k) * k) << 2;
}

@inline
function copy(from: usize, to: usize, bytes: i32): void {
  let i = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
}

/** What the window at (y, x) sees, a row of [window height, window width, inner]. */
function patch(
  image: usize, height: i32, width: i32, inner: i32, y: i32, x: i32, tall: i32, wide: i32,
  down: i32, right: i32, to: usize,
): void {
  const pixel = inner << 2, row = wide * pixel;
  for (let i = 0; i < tall; i++, to += row) {
    const at = y + i * down;
    if (at < 0 || at >= height) {
      memory.fill(to, 0, row);
    } else if (right == 1 && x >= 0 && x + wide <= width) {
      copy(image + (at * width + x) * pixel, to, row);
    } else {
      for (let j = 0; j < wide; j++) {
        const across = x + j * right;
        if (across < 0 || across >= width) memory.fill(to + j * pixel, 0, pixel);
        else copy(image + (at * width + across) * pixel, to + j * pixel, pixel);
      }
    }
  }
}

/**
 * y [batch, out height, out width, outer], channels last; `panels` [tall * wide * inner, outer].
 *
 * Strides and dilations are (down, right), `top` and `left` the padding there; `patches` is room.
 */
export function convolve(
  x: usize, batch: i32, height: i32, width: i32, inner: i32, panels: usize, tall: i32, wide: i32,
  outer: i32, stride_down: i32, stride_right: i32, down: i32, right: i32, top: i32, left: i32,
  y: usize, out_height: i32, out_width: i32, bias: usize, activation: i32, patches: usize,
): void {
  const k = tall * wide * inner, most = rows_of(k), image = height * width * inner << 2;
  const all = batch * out_height * out_width;
  let b = 0, i = 0, j = 0;
  for (let first = 0; first < all; first += most) {
    const rows = min(most, all - first);
    for (let r = 0; r < rows; r++) {
      patch(x + b * image, height, width, inner, i * stride_down - top, j * stride_right - left,
        tall, wide, down, right, patches + (r * k << 2));
      if (++j == out_width) {
        j = 0;
        if (++i == out_height) {
          i = 0;
          b++;
        }
      }
    }
    const to = y + first * (outer << 2);
    multiply(patches, k << 2, 4, panels, to, outer << 2, rows, k, outer);
    if (bias || activation) finish_rows(to, outer << 2, bias, rows, outer, activation);
  }
}
