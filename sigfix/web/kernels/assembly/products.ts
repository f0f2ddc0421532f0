// Matrix products: C [M, N] = A [M, K] B [K, N], floats, rows one after the other; B in panels.

import { multiply_add } from './multiply_add';
import { pack, pack_transposed } from './packing';

const FEW = 6; // rows for which packing B takes longer than the product
const ROWS = 64; // of A that stay in the first-level cache while all panels pass by
const BLOCK = 64; // products that are added up by themselves

/** The first of `count` (at most four) floats. */
@inline
function first_of(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at);
  let found = v128.load32_zero(at);
  if (count > 1) found = v128.load32_lane(at, found, 1, 4);
  return count > 2 ? v128.load32_lane(at, found, 2, 8) : found;
}

/** Store the first `count` (at most eight) of two vectors, or add them to what lies there. */
@inline
function put(to: usize, low: v128, high: v128, count: i32, isMore: bool = false): void {
  if (isMore) {
    low = f32x4.add(low, first_of(to, count));
    if (count > 4) high = f32x4.add(high, first_of(to + 16, count - 4));
  }
  if (count >= 8) {
    v128.store(to, low);
    v128.store(to, high, 16);
    return;
  }
  let rest = low;
  if (count >= 4) {
    v128.store(to, low);
    to += 16;
    count -= 4;
    rest = high;
  }
  if (count > 0) v128.store_lane<f32>(to, rest, 0);
  if (count > 1) v128.store_lane<f32>(to, rest, 1, 4);
  if (count > 2) v128.store_lane<f32>(to, rest, 2, 8);
}

/**
 * C = A B from panels, row `i` of A at `a + i * a_row`, of C at `c + i * c_row`, in bytes; the
 * elements of a row of A are `step` bytes apart.
 */
export function multiply(
  a: usize, a_row: i32, step: i32, panels: usize, c: usize, c_row: i32, m: i32, k: i32, n: i32,
): void {
  if (m == 1) one_row(a, step, panels, c, k, n);
  else multiply_by(k, a, a_row, step, panels, c, c_row, m, k, n);
}

/** The same in sums of `BLOCK` products: the rounding errors of one sum grow with its length. */
export function multiply_in_blocks(
  a: usize, a_row: i32, step: i32, panels: usize, c: usize, c_row: i32, m: i32, k: i32, n: i32,
): void {
  multiply_by(BLOCK, a, a_row, step, panels, c, c_row, m, k, n);
}

function multiply_by(
  block: i32, a: usize, a_row: i32, step: i32, panels: usize, c: usize, c_row: i32, m: i32, k: i32,
  n: i32,
): void {
  for (let first = 0, last = 0; last < m; first = last) {
    last = m - first < ROWS + 4 ? m : first + ROWS;
    for (let j = 0, done = 0; j < n;) {
      // A panel's blocks one after the other, while its columns of C are in the cache.
      const start = panels + j * (k << 2) + (done << 5), left = n - j, from = a + done * step;
      const end = start + (min(block, k - done) << 5), isMore = done > 0;
      let i = first;
      let to = c + first * c_row + (j << 2);
      for (; i + 4 <= last; i += 4) {
        let p0 = from + i * a_row, p1 = p0 + a_row, p2 = p1 + a_row, p3 = p2 + a_row;
        let a0 = f32x4.splat(0), a1 = f32x4.splat(0), b0 = f32x4.splat(0), b1 = f32x4.splat(0);
        let c0 = f32x4.splat(0), c1 = f32x4.splat(0), d0 = f32x4.splat(0), d1 = f32x4.splat(0);
        for (let w = start; w < end; w += 32) {
          const w0 = v128.load(w), w1 = v128.load(w, 16);
          const s0 = v128.load32_splat(p0), s1 = v128.load32_splat(p1);
          a0 = multiply_add(s0, w0, a0);
          a1 = multiply_add(s0, w1, a1);
          b0 = multiply_add(s1, w0, b0);
          b1 = multiply_add(s1, w1, b1);
          const s2 = v128.load32_splat(p2), s3 = v128.load32_splat(p3);
          c0 = multiply_add(s2, w0, c0);
          c1 = multiply_add(s2, w1, c1);
          d0 = multiply_add(s3, w0, d0);
          d1 = multiply_add(s3, w1, d1);
          p0 += step;
          p1 += step;
          p2 += step;
          p3 += step;
        }
        put(to, a0, a1, left, isMore);
        put(to + c_row, b0, b1, left, isMore);
        put(to + 2 * c_row, c0, c1, left, isMore);
        put(to + 3 * c_row, d0, d1, left, isMore);
        to += 4 * c_row;
      }
      for (; i + 2 <= last; i += 2) {
        let p0 = from + i * a_row, p1 = p0 + a_row;
        let a0 = f32x4.splat(0), a1 = f32x4.splat(0), b0 = f32x4.splat(0), b1 = f32x4.splat(0);
        for (let w = start; w < end; w += 32) {
          const w0 = v128.load(w), w1 = v128.load(w, 16);
          const s0 = v128.load32_splat(p0), s1 = v128.load32_splat(p1);
          a0 = multiply_add(s0, w0, a0);
          a1 = multiply_add(s0, w1, a1);
          b0 = multiply_add(s1, w0, b0);
          b1 = multiply_add(s1, w1, b1);
          p0 += step;
          p1 += step;
        }
        put(to, a0, a1, left, isMore);
        put(to + c_row, b0, b1, left, isMore);
        to += 2 * c_row;
      }
      if (i < last) {
        let p = from + i * a_row, a0 = f32x4.splat(0), a1 = f32x4.splat(0);
        for (let w = start; w < end; w += 32, p += step) {
          const s = v128.load32_splat(p);
          a0 = multiply_add(s, v128.load(w), a0);
          a1 = multiply_add(s, v128.load(w, 16), a1);
        }
        put(to, a0, a1, left, isMore);
      }
      done += block;
      if (done >= k) {
        done = 0;
        j += 8;
      }
    }
  }
}

/** One row of C: four panels at a time, for as many sums that do not wait for each other. */
function one_row(a: usize, step: i32, panels: usize, c: usize, k: i32, n: i32): void {
  const panel = k << 5;
  let start = panels, j = 0;
  for (; j + 32 <= n; j += 32) {
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
    let a4 = f32x4.splat(0), a5 = f32x4.splat(0), a6 = f32x4.splat(0), a7 = f32x4.splat(0);
    let w0 = start, w1 = w0 + panel, w2 = w1 + panel, w3 = w2 + panel, p = a;
    for (const end = w1; w0 < end; w0 += 32) {
      const s = v128.load32_splat(p);
      a0 = multiply_add(s, v128.load(w0), a0);
      a1 = multiply_add(s, v128.load(w0, 16), a1);
      a2 = multiply_add(s, v128.load(w1), a2);
      a3 = multiply_add(s, v128.load(w1, 16), a3);
      a4 = multiply_add(s, v128.load(w2), a4);
      a5 = multiply_add(s, v128.load(w2, 16), a5);
      a6 = multiply_add(s, v128.load(w3), a6);
      a7 = multiply_add(s, v128.load(w3, 16), a7);
      w1 += 32;
      w2 += 32;
      w3 += 32;
      p += step;
    }
    const to = c + (j << 2);
    put(to, a0, a1, 8);
    put(to + 32, a2, a3, 8);
    put(to + 64, a4, a5, 8);
    put(to + 96, a6, a7, 8);
    start += panel << 2;
  }
  for (; j < n; j += 8) {
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), p = a;
    for (let w = start, end = start + panel; w < end; w += 32) {
      const s = v128.load32_splat(p);
      a0 = multiply_add(s, v128.load(w), a0);
      a1 = multiply_add(s, v128.load(w, 16), a1);
      p += step;
    }
    put(c + (j << 2), a0, a1, n - j);
    start += panel;
  }
}

/** C += A B for few rows, B [k, n] as it is: eight of its rows pass by at a time. */
function few_rows(a: usize, a_row: i32, step: i32, b: usize, c: usize, m: i32, k: i32, n: i32): void {
  const row = n << 2;
  memory.fill(c, 0, m * row);
  let i = 0;
  for (; i + 8 <= k; i += 8) {
    for (let r = 0; r < m; r++) {
      const p = a + r * a_row + i * step;
      const s0 = v128.load32_splat(p), s1 = v128.load32_splat(p + step);
      const s2 = v128.load32_splat(p + 2 * step), s3 = v128.load32_splat(p + 3 * step);
      const s4 = v128.load32_splat(p + 4 * step), s5 = v128.load32_splat(p + 5 * step);
      const s6 = v128.load32_splat(p + 6 * step), s7 = v128.load32_splat(p + 7 * step);
      let w = b + i * row, to = c + r * row;
      const end = to + row;
      for (; to + 16 <= end; to += 16, w += 16) {
        let x = f32x4.mul(s0, v128.load(w));
        let y = f32x4.mul(s1, v128.load(w + row));
        x = multiply_add(s2, v128.load(w + 2 * row), x);
        y = multiply_add(s3, v128.load(w + 3 * row), y);
        x = multiply_add(s4, v128.load(w + 4 * row), x);
        y = multiply_add(s5, v128.load(w + 5 * row), y);
        x = multiply_add(s6, v128.load(w + 6 * row), x);
        y = multiply_add(s7, v128.load(w + 7 * row), y);
        v128.store(to, f32x4.add(v128.load(to), f32x4.add(x, y)));
      }
      for (; to < end; to += 4, w += 4) {
        let sum = load<f32>(to);
        for (let e = 0; e < 8; e++) sum += load<f32>(p + e * step) * load<f32>(w + e * row);
        store<f32>(to, sum);
      }
    }
  }
  for (; i < k; i++) {
    for (let r = 0; r < m; r++) {
      const p = a + r * a_row + i * step, s = v128.load32_splat(p);
      let w = b + i * row, to = c + r * row;
      const end = to + row;
      for (; to + 16 <= end; to += 16, w += 16) {
        v128.store(to, multiply_add(s, v128.load(w), v128.load(to)));
      }
      for (; to < end; to += 4, w += 4) {
        store<f32>(to, load<f32>(to) + load<f32>(p) * load<f32>(w));
      }
    }
  }
}

/**
 * `count` products: A [m, k] (or [k, m], transposed), B [k, n] (or [n, k]), C [m, n], each `a_next`,
 * `b_next` and m n floats behind the one before; 0 is the same one again. `panels` is room for one B.
 */
export function products(
  a: usize, a_next: i32, a_transposed: i32, b: usize, b_next: i32, b_transposed: i32,
  c: usize, panels: usize, count: i32, m: i32, k: i32, n: i32,
): void {
  const a_row = a_transposed ? 4 : k << 2, step = a_transposed ? m << 2 : 4;
  for (let i = 0; i < count; i++) {
    if (m < FEW && !b_transposed) {
      few_rows(a, a_row, step, b, c, m, k, n);
    } else if (m <= ROWS && (b_next != 0 || count == 1)) {
      // Every panel is read once: it need not last longer than that.
      for (let j = 0; j < n; j += 8) {
        const width = min(8, n - j);
        if (b_transposed) pack_transposed(b + j * (k << 2), panels, k, width);
        else pack(b + (j << 2), n << 2, panels, k, width);
        multiply(a, a_row, step, panels, c + (j << 2), n << 2, m, k, width);
      }
    } else {
      if (i == 0 || b_next != 0) {
        if (b_transposed) pack_transposed(b, panels, k, n);
        else pack(b, n << 2, panels, k, n);
      }
      multiply(a, a_row, step, panels, c, n << 2, m, k, n);
    }
    a += a_next << 2;
    b += b_next << 2;
    c += m * n << 2;
  }
}

/** y [m, n] += bias [n], then nothing (0), relu (1) or relu6 (2). */
export function finish_rows(
  first: usize, row: i32, bias: usize, m: i32, n: i32, activation: i32,
): void {
  const low = f32x4.splat(0), high = f32x4.splat(6);
  for (let i = 0; i < m; i++) {
    let b = bias, y = first + i * row;
    const end = y + (n << 2);
    for (; y + 16 <= end; y += 16, b += 16) {
      let v = v128.load(y);
      if (bias) v = f32x4.add(v, v128.load(b));
      if (activation) v = f32x4.max(v, low);
      if (activation == 2) v = f32x4.min(v, high);
      v128.store(y, v);
    }
    for (; y < end; y += 4, b += 4) {
      let v = load<f32>(y);
      if (bias) v += load<f32>(b);
      if (activation) v = max<f32>(v, 0);
      if (activation == 2) v = min<f32>(v, 6);
      store<f32>(y, v);
    }
  }
}
