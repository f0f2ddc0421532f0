// Slice, SplitV and Concat without a copy of the whole tensor out of the heap for each part.

import { sizeOf } from './backend.mjs';

const FOUR_BYTES = ['float32', 'int32'];

/** Copy a box of a tensor; axes that are taken whole are joined with those before them. */
function copyBox(kit, from, shape, begin, size, to) {
  const axes = [];
  let block = 4;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    if (size[axis] === shape[axis] && axes.length === 0) {
      block *= shape[axis];
    } else {
      axes.push({ bytes: block, all: shape[axis], first: begin[axis], taken: size[axis] });
      block *= shape[axis];
    }
  }
  // The innermost axis that is cut is one run of bytes; the next one are rows, the rest are loops.
  const [run, row, ...rest] = axes;
  if (!run) return kit.functions.copy_rows(from, 0, to, 0, block, 1);
  const bytes = run.taken * run.bytes;
  const start = from + run.first * run.bytes;
  const rows = row ? row.taken : 1;
  let places = [row ? row.first * row.bytes : 0];
  for (const { bytes: stride, first, taken } of rest) {
    places = Array.from({ length: taken }, (_, i) => i)
      .flatMap((i) => places.map((place) => place + (first + i) * stride));
  }
  places.forEach((place, number) => {
    const target = to + number * rows * bytes;
    kit.functions.copy_rows(start + place, row ? row.bytes : 0, target, bytes, bytes, rows);
  });
  return undefined;
}

export function slice(kit, original) {
  const { parseSliceParams } = kit.tf.slice_util;
  return (call) => {
    const { inputs: { x }, attrs, backend } = call;
    if (!kit.serves(backend) || !FOUR_BYTES.includes(x.dtype)) return original(call);
    const [begin, size] = parseSliceParams(x, attrs.begin, attrs.size);
    kit.tf.slice_util.assertParamsValid(x, begin, size);
    const out = kit.output(size, x.dtype);
    if (sizeOf(size)) copyBox(kit, kit.at(x), x.shape, begin, size, kit.at(out));
    return out;
  };
}

export function splitV(kit, original) {
  const { prepareSplitSize } = kit.tf.backend_util;
  return (call) => {
    const { inputs: { x }, attrs, backend } = call;
    if (!kit.serves(backend) || !FOUR_BYTES.includes(x.dtype)) return original(call);
    const [axis] = kit.tf.util.parseAxisParam(attrs.axis, x.shape);
    const outer = sizeOf(x.shape.slice(0, axis));
    const bytes = sizeOf(x.shape.slice(axis + 1)) * 4;
    let from = kit.at(x);
    return prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((size) => {
      const out = kit.output(x.shape.map((all, at) => (at === axis ? size : all)), x.dtype);
      const row = size * bytes;
      kit.functions.copy_rows(from, x.shape[axis] * bytes, kit.at(out), row, row, outer);
      from += row;
      return out;
    });
  };
}

export function concat(kit, original) {
  return (call) => {
    const { inputs, attrs, backend } = call;
    const full = Object.values(inputs).filter((tensor) => sizeOf(tensor.shape) > 0);
    const [first] = full;
    if (!kit.serves(backend) || full.length < 2 || !FOUR_BYTES.includes(first.dtype)
        || full.some((tensor) => tensor.dtype !== first.dtype)) return original(call);
    const [axis] = kit.tf.util.parseAxisParam(attrs.axis, first.shape);
    const { assertParamsConsistent, computeOutShape } = kit.tf.backend_util;
    const shapes = full.map((tensor) => tensor.shape);
    assertParamsConsistent(shapes, axis);
    const shape = computeOutShape(shapes, axis);
    const out = kit.output(shape, first.dtype);
    const outer = sizeOf(shape.slice(0, axis));
    const all = sizeOf(shape.slice(axis)) * 4;
    let to = kit.at(out);
    for (const tensor of full) {
      const row = sizeOf(tensor.shape.slice(axis)) * 4;
      kit.functions.copy_rows(kit.at(tensor), row, to, all, row, outer);
      to += row;
    }
    return out;
  };
}
