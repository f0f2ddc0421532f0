// Exponential, sigmoid, tanh and erf of four floats at once, and over whole tensors.
//
// NaN comes out as NaN: min, max and the polynomials pass it on. Nothing here writes to static
// memory: the module has none, for its memory is TensorFlow.js's own.

import { multiply_add } from './multiply_add';

/** e^x by x = n ln 2 + r: 2^n by its bits, e^r by its Taylor series to r^7 (|r| < 0.35). */
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(1.4426950408889634)));
  // ln 2 in two parts: the first has so few bits that n times it is exact.
  let r = f32x4.sub(inside, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = multiply_add(n, f32x4.splat(0.00021219444005469057), r);
  let p = f32x4.splat(1.0 / 5040.0);
  p = multiply_add(p, r, f32x4.splat(1.0 / 720.0));
  p = multiply_add(p, r, f32x4.splat(1.0 / 120.0));
  p = multiply_add(p, r, f32x4.splat(1.0 / 24.0));
  p = multiply_add(p, r, f32x4.splat(1.0 / 6.0));
  p = multiply_add(p, r, f32x4.splat(0.5));
  p = multiply_add(p, r, f32x4.splat(1));
  p = multiply_add(p, r, f32x4.splat(1));
  const bits = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, bits);
}

@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** tanh without its last digits near zero, where only the absolute error matters. */
@inline
export function gate_tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.mul(x, f32x4.splat(-2)));
  return f32x4.sub(f32x4.div(f32x4.splat(2), f32x4.add(one, e)), one);
}

/** tanh; near zero by its Taylor series, for the other form cancels there. */
@inline
function tanh4(x: v128): v128 {
  const s = f32x4.mul(x, x);
  let p = f32x4.splat(-1382.0 / 155925.0);
  p = multiply_add(p, s, f32x4.splat(62.0 / 2835.0));
  p = multiply_add(p, s, f32x4.splat(-17.0 / 315.0));
  p = multiply_add(p, s, f32x4.splat(2.0 / 15.0));
  p = multiply_add(p, s, f32x4.splat(-1.0 / 3.0));
  const near = multiply_add(x, f32x4.mul(s, p), x);
  return v128.bitselect(near, gate_tanh4(x), f32x4.lt(f32x4.abs(x), f32x4.splat(0.35)));
}

/**
 * erf by x P(x x) / Q(x x), both of degree five, fitted to 2e-8 of erf up to where it rounds to 1;
 * with the roundings 5e-7 of it everywhere.
 */
@inline
function erf4(x: v128): v128 {
  const one = f32x4.splat(1), end = f32x4.splat(3.925);
  const inside = f32x4.max(f32x4.min(x, end), f32x4.neg(end));
  const s = f32x4.mul(inside, inside);
  let p = f32x4.splat(2.046018391567591e-6);
  p = multiply_add(p, s, f32x4.splat(0.00028484535609824897));
  p = multiply_add(p, s, f32x4.splat(0.0037726203032943796));
  p = multiply_add(p, s, f32x4.splat(0.05276951749406457));
  p = multiply_add(p, s, f32x4.splat(0.19059535123798205));
  p = multiply_add(p, s, f32x4.splat(1.1283791457443855));
  let q = f32x4.splat(3.8047776973669746e-5);
  q = multiply_add(q, s, f32x4.splat(0.0011638752164912834));
  q = multiply_add(q, s, f32x4.splat(0.014983339004190814));
  q = multiply_add(q, s, f32x4.splat(0.11418338835253845));
  q = multiply_add(q, s, f32x4.splat(0.5022434623588575));
  q = multiply_add(q, s, one);
  const found = f32x4.div(f32x4.mul(inside, p), q);
  return f32x4.max(f32x4.min(found, one), f32x4.neg(one));
}

/** y = tanh(x) of `count` floats. */
export function tanh(x: usize, y: usize, count: i32): void {
  const end = x + (count << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, tanh4(v128.load(x)));
  for (; x < end; x += 4, y += 4) v128.store_lane<f32>(y, tanh4(v128.load32_splat(x)), 0);
}

/** y = erf(x) of `count` floats. */
export function erf(x: usize, y: usize, count: i32): void {
  const end = x + (count << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, erf4(v128.load(x)));
  for (; x < end; x += 4, y += 4) v128.store_lane<f32>(y, erf4(v128.load32_splat(x)), 0);
}
