// Convolutions with 3 x 3 kernels by Winograd's F(4 x 4, 3 x 3): sixteen results of 36 products.
//
// The points are 0, 5/8, -5/8, 3/2, -3/2 and infinity, and the products of a sum are added up in
// blocks: rounding errors are 2.2 times those of the plain sum with few channels and less than it
// with 512 (tests/web_kernels/exact.mjs), where one long sum makes them 2.1 times as large, and points
// 0, 1, -1, 2, -2 once more twice. Channels are multiples of four. A number that
// is not finite spreads over its tile, so `winograd` says whether there is one in the result.

import { multiply_add } from './multiply_add';
import { panel_bytes } from './packing';
import { multiply_in_blocks } from './products';

const NEAR: f32 = 0.625, FAR: f32 = 1.5, NEAR2: f32 = 0.390625, FAR2: f32 = 2.25;
const NEAR3: f32 = 0.244140625, FAR3: f32 = 3.375;
const SIDE = 6, POINTS = 36, RESULT = 4;
const POINTERS = POINTS << 2, SQUARE = POINTS << 4;

/** x a + y. */
@inline
function add_times(y: v128, x: v128, a: f32): v128 {
  return multiply_add(x, f32x4.splat(a), y);
}

/** One column of a kernel (three vectors) at the six points, each `next` bytes on. */
@inline
function kernel_points(g0: v128, g1: v128, g2: v128, to: usize, next: i32): void {
  v128.store(to, f32x4.mul(g0, f32x4.splat(256.0 / 225.0)));
  const even = add_times(f32x4.mul(g0, f32x4.splat(-2048.0 / 2975.0)), g2, -32.0 / 119.0);
  const odd = f32x4.mul(g1, f32x4.splat(-256.0 / 595.0));
  v128.store(to + next, f32x4.add(even, odd));
  v128.store(to + 2 * next, f32x4.sub(even, odd));
  const far_even = add_times(f32x4.mul(g0, f32x4.splat(128.0 / 1071.0)), g2, 32.0 / 119.0);
  const far_odd = f32x4.mul(g1, f32x4.splat(64.0 / 357.0));
  v128.store(to + 3 * next, f32x4.add(far_even, far_odd));
  v128.store(to + 4 * next, f32x4.sub(far_even, far_odd));
  v128.store(to + 5 * next, g2);
}

/** Kernels [3, 3, inner, outer] at all points: 36 matrices [inner, outer] in panels. */
export function winograd_pack(
  kernels: usize, panels: usize, inner: i32, outer: i32, scratch: usize,
): void {
  const matrix = panel_bytes(inner, outer), row = outer << 2, tap = inner * row;
  for (let c = 0; c < inner; c++) {
    for (let n = 0; n < outer; n += 4) {
      const from = kernels + c * row + (n << 2);
      for (let j = 0; j < 3; j++) {
        const g = from + j * tap;
        const g0 = v128.load(g), g1 = v128.load(g + 3 * tap), g2 = v128.load(g + 6 * tap);
        kernel_points(g0, g1, g2, scratch + (j << 4), 3 << 4);
      }
      const to = panels + (n >> 3) * (inner << 5) + (c << 5) + ((n & 4) << 2);
      for (let i = 0; i < SIDE; i++) {
        const t = scratch + i * (3 << 4);
        kernel_points(v128.load(t), v128.load(t, 16), v128.load(t, 32), to + i * SIDE * matrix, matrix);
      }
      if (n + 4 == outer && !(n & 4)) {
        for (let p = 0; p < POINTS; p++) v128.store(to + p * matrix, i32x4.splat(0), 16);
      }
    }
  }
}

/** Six vectors of a tile at the six points; `from` and `to` are `next` and `far` bytes apart. */
@inline
function tile_points(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, next: i32,
): void {
  v128.store(to, add_times(add_times(d4, d2, -(NEAR2 + FAR2)), d0, NEAR2 * FAR2));
  const even = add_times(d4, d2, -FAR2);
  const odd = f32x4.mul(add_times(d3, d1, -FAR2), f32x4.splat(NEAR));
  v128.store(to + next, f32x4.add(even, odd));
  v128.store(to + 2 * next, f32x4.sub(even, odd));
  const far_even = add_times(d4, d2, -NEAR2);
  const far_odd = f32x4.mul(add_times(d3, d1, -NEAR2), f32x4.splat(FAR));
  v128.store(to + 3 * next, f32x4.add(far_even, far_odd));
  v128.store(to + 4 * next, f32x4.sub(far_even, far_odd));
  v128.store(to + 5 * next, add_times(add_times(d5, d3, -(NEAR2 + FAR2)), d1, NEAR2 * FAR2));
}

/** A tile of 6 x 6 pixels, whose addresses are in `pointers`, at all points. */
function transform_tile(
  pointers: usize, square: usize, to: usize, next: i32, inner: i32,
): void {
  for (let c = 0; c < inner << 2; c += 16) {
    for (let j = 0; j < SIDE; j++) {
      const p = pointers + (j << 2);
      tile_points(
        v128.load(load<u32>(p) + c), v128.load(load<u32>(p, 24) + c),
        v128.load(load<u32>(p, 48) + c), v128.load(load<u32>(p, 72) + c),
        v128.load(load<u32>(p, 96) + c), v128.load(load<u32>(p, 120) + c),
        square + (j << 4), SIDE << 4);
    }
    for (let i = 0; i < SIDE; i++) {
      const s = square + i * (SIDE << 4);
      tile_points(
        v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48), v128.load(s, 64),
        v128.load(s, 80), to + i * SIDE * next + c, next);
    }
  }
}

/** Four results of six points. */
@inline
function results(
  m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, next: i32,
): void {
  const even = f32x4.add(m1, m2), odd = f32x4.sub(m1, m2);
  const far_even = f32x4.add(m3, m4), far_odd = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, even), far_even));
  v128.store(to + next, add_times(f32x4.mul(odd, f32x4.splat(NEAR)), far_odd, FAR));
  v128.store(to + 2 * next, add_times(f32x4.mul(even, f32x4.splat(NEAR2)), far_even, FAR2));
  v128.store(to + 3 * next,
    add_times(add_times(m5, odd, NEAR3), far_odd, FAR3));
}

/** `rows` x `columns` pixels of `y` from a tile's products; returns what is not finite in them. */
function finish_tile(
  from: usize, next: i32, square: usize, y: usize, y_row: i32, rows: i32, columns: i32,
  bias: usize, outer: i32, activation: i32,
): v128 {
  let odd = i32x4.splat(0);
  const low = f32x4.splat(0), high = f32x4.splat(6), pixel = outer << 2;
  for (let n = 0; n < pixel; n += 16) {
    for (let j = 0; j < SIDE; j++) {
      const m = from + j * next + n, down = SIDE * next;
      results(
        v128.load(m), v128.load(m + down), v128.load(m + 2 * down), v128.load(m + 3 * down),
        v128.load(m + 4 * down), v128.load(m + 5 * down), square + (j << 4), SIDE << 4);
    }
    const add = bias ? v128.load(bias + n) : low;
    for (let i = 0; i < rows; i++) {
      const s = square + i * (SIDE << 4), to = square + SQUARE;
      results(
        v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48), v128.load(s, 64),
        v128.load(s, 80), to, 16);
      for (let j = 0; j < columns; j++) {
        let v = f32x4.add(v128.load(to + (j << 4)), add);
        odd = v128.or(odd, f32x4.ne(f32x4.sub(v, v), low));
        if (activation) v = f32x4.max(v, low);
        if (activation == 2) v = f32x4.min(v, high);
        v128.store(y + i * y_row + j * pixel + n, v);
      }
    }
  }
  return odd;
}

/** How many tiles are computed together. */
@inline
function tiles_of(inner: i32, outer: i32): i32 {
  return max(16, min(64, (8192 / (inner + outer)) & ~3));
}

/** Bytes that `winograd` and `winograd_pack` need. */
export function winograd_bytes(inner: i32, outer: i32): i32 {
  const tiles = tiles_of(inner, outer);
  return POINTERS + 2 * SQUARE + (inner << 2) + (POINTS * tiles * (inner + outer) << 2);
}

/**
 * y [batch, out height, out width, outer] of x [batch, height, width, inner], strides 1, `top` and
 * `left` rows and columns of padding; `panels` by `winograd_pack`. Returns 1 where a result is not
 * finite: then it may be wrong.
 */
export function winograd(
  x: usize, batch: i32, height: i32, width: i32, inner: i32, panels: usize, outer: i32,
  top: i32, left: i32, y: usize, out_height: i32, out_width: i32, bias: usize, activation: i32,
  scratch: usize,
): i32 {
  const most = tiles_of(inner, outer), matrix = panel_bytes(inner, outer);
  const pixel = inner << 2, out_pixel = outer << 2;
  const square = scratch + POINTERS, zeros = square + 2 * SQUARE;
  const tiles = zeros + pixel, sums = tiles + POINTS * most * pixel;
  const down = (out_height + 3) / RESULT, right = (out_width + 3) / RESULT;
  const all = batch * down * right;
  memory.fill(zeros, 0, pixel);
  let odd = i32x4.splat(0);
  for (let first = 0; first < all; first += most) {
    const count = min(most, all - first);
    for (let t = 0; t < count; t++) {
      const tile = first + t, b = tile / (down * right);
      const i0 = tile / right % down * RESULT - top, j0 = tile % right * RESULT - left;
      for (let i = 0; i < SIDE; i++) {
        const row = i0 + i, from = x + (b * height + row) * width * pixel;
        for (let j = 0; j < SIDE; j++) {
          const column = j0 + j;
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          store<u32>(scratch + ((i * SIDE + j) << 2), u32(inside ? from + column * pixel : zeros));
        }
      }
      transform_tile(scratch, square, tiles + t * pixel, count * pixel, inner);
    }
    for (let p = 0; p < POINTS; p++) {
      multiply_in_blocks(
        tiles + p * count * pixel, pixel, 4, panels + p * matrix, sums + p * count * out_pixel,
        out_pixel, count, inner, outer);
    }
    for (let t = 0; t < count; t++) {
      const tile = first + t, b = tile / (down * right);
      const i = tile / right % down * RESULT, j = tile % right * RESULT;
      const to = y + ((b * out_height + i) * out_width + j) * out_pixel;
      odd = v128.or(odd, finish_tile(
        sums + t * out_pixel, count * out_pixel, square, to, out_width * out_pixel,
        min(RESULT, out_height - i), min(RESULT, out_width - j), bias, outer, activation));
    }
  }
  return i32(v128.any_true(odd));
}
