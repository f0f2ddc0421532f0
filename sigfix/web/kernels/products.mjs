// BatchMatMul and _FusedMatMul, of any batch.
//
// TensorFlow.js 4.22 multiplies matrices by XNNPACK only where both sides have a batch of one and
// nothing is transposed, and in a plain loop otherwise.

import { sizeOf } from './backend.mjs';
import { MOST_PIECES } from './pieces.mjs';

/** What `finish_rows` can do, by TensorFlow.js's names. */
export const ACTIVATIONS = new Map([['linear', 0], ['relu', 1], ['relu6', 2]]);

/** Places in the batches of both sides for each place of the result's, as TensorFlow broadcasts. */
function places(shape, own) {
  const offset = shape.length - own.length;
  let found = [0];
  let stride = sizeOf(own);
  shape.forEach((size, axis) => {
    const mine = axis < offset ? 1 : own[axis - offset];
    if (axis >= offset) stride /= mine || 1;
    const step = mine === 1 ? 0 : stride;
    found = found.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * step));
  });
  return found;
}

/** What a product is about, or null where the original is to do it (or to refuse it). */
function forms(a, b, transposeA, transposeB, broadcast) {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return null;
  if (a.shape.length < 2 || b.shape.length < 2) return null;
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) return null;
  const batch = broadcast(outerA, outerB);
  return { m, k, n, batch, outerA, outerB };
}

function multiply(kit, a, b, transposeA, transposeB, form) {
  const { m, k, n, batch, outerA, outerB } = form;
  const count = sizeOf(batch);
  const [countA, countB] = [sizeOf(outerA), sizeOf(outerB)];
  const out = kit.output([...batch, m, n]);
  const [atA, atB, atOut] = [a, b, out].map((tensor) => kit.at(tensor));
  const [turnA, turnB] = [transposeA ? 1 : 0, transposeB ? 1 : 0];
  const piece = (placeA, nextA, placeB, nextB, placeOut, times) => [
    atA + placeA * m * k * 4, nextA * m * k, turnA, atB + placeB * k * n * 4, nextB * k * n, turnB,
    atOut + placeOut * m * n * 4, 0, times, m, k, n];
  const all = count * m * k * n;
  let pieces;
  if (!transposeA && countB === 1 && countA === count) {
    // All of A's rows meet the same matrix.
    pieces = kit.ranges(count * m, all, MANY).map(([from, to]) => [
      atA + from * k * 4, 0, 0, atB, 0, turnB, atOut + from * n * 4, 0, 1, to - from, k, n]);
  } else if (countA === count && countB === count) {
    pieces = kit.ranges(count, all).map(([from, to]) => piece(from, 1, from, 1, from, to - from));
  } else {
    const [inA, inB] = [places(batch, outerA), places(batch, outerB)];
    pieces = inA.map((place, i) => piece(place, 0, inB[i], 0, i, 1));
  }
  for (let i = 0; i < pieces.length; i += MOST_PIECES) {
    kit.run('products', pieces.slice(i, i + MOST_PIECES), 7, panelBytes(k, n));
  }
  return out;
}

/** Rows for which it is worth while to pack the other matrix. */
const MANY = 64;

/** Bytes of a matrix [k, n] in panels. */
const panelBytes = (k, n) => (((n + 7) >> 3) * k) << 5;

/** Fewer rows than this are multiplied with the matrix as it lies there. */
const FEW = 6;

/** out [m, n] = the activation of x [m, k] matrix [k, n] + bias [n], which may be absent. */
export function rowsTimes(kit, x, matrix, bias, out, m, k, n, activation) {
  const [from, to, vector] = [kit.at(x), kit.at(out), bias ? kit.at(bias) : 0];
  if (m < FEW) {
    kit.functions.products(from, 0, 0, kit.at(matrix), 0, 0, to, 0, 1, m, k, n);
    if (bias || activation) kit.functions.finish_rows(to, n << 2, vector, m, n, activation);
    return;
  }
  const panels = kit.packed(matrix, k, n);
  // A piece takes all rows and some panels of a matrix that no cache holds, or some rows and all
  // panels.
  const pieces = k * n > LARGE
    ? kit.ranges(n, m * k * n, 8).map(([start, end]) => [
      from, panels + start * k * 4, vector && vector + start * 4, to + start * 4, n << 2,
      m, k, end - start, activation])
    : kit.ranges(m, m * k * n, 4).map(([start, end]) => [
      from + start * k * 4, panels, vector, to + start * n * 4, n << 2,
      end - start, k, n, activation]);
  kit.run('dense', pieces);
}

/** Numbers of a matrix that a core's own cache does not hold beside all else. */
const LARGE = 65536;

/** Products from which several threads are sooner done than one: below, they wait for each other. */
const SHARED = 1e6;

/** Whether XNNPACK, which uses all threads, is to do so many products: the kernels have but one. */
export function isForThreads(kit, products) {
  return kit.threads > 1 && !kit.crew && products >= SHARED;
}

/** Whether XNNPACK does a product that is as it can be there. */
function isXnnpacks(kit, form, { transposeA, transposeB }) {
  return !transposeA && !transposeB && sizeOf(form.outerA) === 1 && sizeOf(form.outerB) === 1
    && isForThreads(kit, form.m * form.k * form.n);
}

export function batchMatMul(kit, original) {
  const broadcast = kit.tf.broadcast_util.assertAndGetBroadcastShape;
  return (call) => {
    const { inputs: { a, b }, attrs: { transposeA, transposeB }, backend } = call;
    const form = kit.serves(backend) ? forms(a, b, transposeA, transposeB, broadcast) : null;
    if (!form || isXnnpacks(kit, form, { transposeA, transposeB })) return original(call);
    return multiply(kit, a, b, transposeA, transposeB, form);
  };
}

export function fusedMatMul(kit, original) {
  const broadcast = kit.tf.broadcast_util.assertAndGetBroadcastShape;
  return (call) => {
    const { inputs: { a, b, bias, preluActivationWeights }, attrs, backend } = call;
    const { transposeA, transposeB, activation } = attrs;
    const kind = ACTIVATIONS.get(activation ?? 'linear');
    if (!kit.serves(backend) || kind === undefined || preluActivationWeights) return original(call);
    const form = forms(a, b, transposeA, transposeB, broadcast);
    if (!form || isXnnpacks(kit, form, attrs)) return original(call);
    if (bias && !(bias.dtype === 'float32' && sizeOf(bias.shape) === form.n)) return original(call);
    const rows = sizeOf(form.batch) * form.m;
    if (!transposeA && !transposeB && sizeOf(form.outerB) === 1 && sizeOf(form.batch) > 0) {
      const out = kit.output([...form.batch, form.m, form.n]);
      rowsTimes(kit, a, b, bias, out, rows, form.k, form.n, kind);
      return out;
    }
    const out = multiply(kit, a, b, transposeA, transposeB, form);
    if (bias || kind) {
      const vector = bias ? kit.at(bias) : 0;
      kit.functions.finish_rows(kit.at(out), form.n << 2, vector, rows, form.n, kind);
    }
    return out;
  };
}
