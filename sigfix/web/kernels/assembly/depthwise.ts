// Depthwise convolutions: each channel by itself. Taps that lie beside the image are left out, which
// are most of them where it is one or two rows high.

import { multiply_add } from './multiply_add';

@inline
function finished(value: v128, activation: i32): v128 {
  if (activation) value = f32x4.max(value, f32x4.splat(0));
  if (activation == 2) value = f32x4.min(value, f32x4.splat(6));
  return value;
}

@inline
function start(bias: usize, at: i32): v128 {
  return bias ? v128.load(bias + at) : f32x4.splat(0);
}

@inline
function more(sum: v128, x: v128, w: v128): v128 {
  return multiply_add(x, w, sum);
}

/**
 * The channels from `c` on (bytes) of one result: rows [r0, r1) and columns [s0, s1) of the window,
 * whose first tap is at `x`; its rows are `down` bytes apart, its columns `right`.
 */
function one(
  x: usize, kernel: usize, y: usize, c: i32, pixel: i32, r0: i32, r1: i32, s0: i32, s1: i32,
  wide: i32, down: i32, right: i32, bias: usize, activation: i32,
): void {
  for (; c + 16 <= pixel; c += 16) {
    let sum = start(bias, c);
    for (let r = r0; r < r1; r++) {
      let p = x + r * down + s0 * right + c, w = kernel + (r * wide + s0) * pixel + c;
      for (let s = s0; s < s1; s++, p += right, w += pixel) {
        sum = more(sum, v128.load(p), v128.load(w));
      }
    }
    v128.store(y + c, finished(sum, activation));
  }
  for (; c < pixel; c += 4) {
    let sum: f32 = bias ? load<f32>(bias + c) : 0;
    for (let r = r0; r < r1; r++) {
      let p = x + r * down + s0 * right + c, w = kernel + (r * wide + s0) * pixel + c;
      for (let s = s0; s < s1; s++, p += right, w += pixel) sum += load<f32>(p) * load<f32>(w);
    }
    v128.store_lane<f32>(y + c, finished(f32x4.splat(sum), activation), 0);
  }
}

/** Four results side by side, whose windows begin `next` bytes apart and lie within all columns. */
function four(
  x: usize, next: i32, kernel: usize, y: usize, pixel: i32, r0: i32, r1: i32, wide: i32, down: i32,
  right: i32, bias: usize, activation: i32,
): void {
  let c = 0;
  for (; c + 32 <= pixel; c += 32) {
    let a0 = start(bias, c), a1 = a0, a2 = a0, a3 = a0;
    let b0 = start(bias, c + 16), b1 = b0, b2 = b0, b3 = b0;
    for (let r = r0; r < r1; r++) {
      let p = x + r * down + c, w = kernel + r * wide * pixel + c;
      for (let s = 0; s < wide; s++, p += right, w += pixel) {
        const low = v128.load(w), high = v128.load(w, 16);
        const q = p + next, t = q + next, u = t + next;
        a0 = more(a0, v128.load(p), low);
        b0 = more(b0, v128.load(p, 16), high);
        a1 = more(a1, v128.load(q), low);
        b1 = more(b1, v128.load(q, 16), high);
        a2 = more(a2, v128.load(t), low);
        b2 = more(b2, v128.load(t, 16), high);
        a3 = more(a3, v128.load(u), low);
        b3 = more(b3, v128.load(u, 16), high);
      }
    }
    let to = y + c;
    v128.store(to, finished(a0, activation));
    v128.store(to, finished(b0, activation), 16);
    to += pixel;
    v128.store(to, finished(a1, activation));
    v128.store(to, finished(b1, activation), 16);
    to += pixel;
    v128.store(to, finished(a2, activation));
    v128.store(to, finished(b2, activation), 16);
    to += pixel;
    v128.store(to, finished(a3, activation));
    v128.store(to, finished(b3, activation), 16);
  }
  if (c == pixel) return;
  for (let i = 0; i < 4; i++) {
    one(x + i * next, kernel, y + i * pixel, c, pixel, r0, r1, 0, wide, wide, down, right, bias, activation);
  }
}

/** The first tap that does not lie before the image, and the first that lies behind it. */
@inline
function first_in(at: i32, step: i32): i32 {
  return at < 0 ? (step - 1 - at) / step : 0;
}

@inline
function first_behind(at: i32, step: i32, extent: i32, taps: i32): i32 {
  return at < extent ? min(taps, (extent - at + step - 1) / step) : 0;
}

/** y [batch, out height, out width, channels] of x, channels last; `kernel` [tall, wide, channels]. */
export function depthwise(
  x: usize, batch: i32, height: i32, width: i32, channels: i32, kernel: usize, tall: i32, wide: i32,
  stride_down: i32, stride_right: i32, down: i32, right: i32, top: i32, left: i32,
  y: usize, out_height: i32, out_width: i32, bias: usize, activation: i32,
): void {
  const pixel = channels << 2, row = width * pixel, next = stride_right * pixel;
  const beside = width - 1 - (wide - 1) * right + left;
  const first = (left + stride_right - 1) / stride_right;
  const last = beside < 0 ? 0 : min(out_width, beside / stride_right + 1);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < out_height; i++) {
      const above = i * stride_down - top;
      const r0 = first_in(above, down), r1 = first_behind(above, down, height, tall);
      const line = x + (b * height + above) * row;
      for (let j = 0; j < out_width;) {
        const before = j * stride_right - left, from = line + before * pixel;
        if (j >= first && j + 4 <= last) {
          four(from, next, kernel, y, pixel, r0, r1, wide, down * row, right * pixel, bias, activation);
          y += 4 * pixel;
          j += 4;
        } else {
          const s0 = first_in(before, right), s1 = first_behind(before, right, width, wide);
          one(from, kernel, y, 0, pixel, r0, r1, s0, s1, wide, down * row, right * pixel, bias, activation);
          y += pixel;
          j++;
        }
      }
    }
  }
}
