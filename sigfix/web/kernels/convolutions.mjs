// Convolutions: windows of the image, copied side by side, times one matrix.

import { sizeOf } from './backend.mjs';
import { ACTIVATIONS, isForThreads, rowsTimes } from './products.mjs';

/** A convolution as TensorFlow.js reads it, or null where the original is to do it. */
export function formOf(kit, x, filter, bias, attrs, isDepthwise = false) {
  if (x.dtype !== 'float32' || filter.dtype !== 'float32' || x.shape.length !== 4
      || (attrs.dataFormat ?? 'NHWC') !== 'NHWC') return null;
  const form = kit.tf.backend_util.computeConv2DInfo(x.shape, filter.shape, attrs.strides,
    attrs.dilations ?? [1, 1], attrs.pad, attrs.dimRoundingMode, isDepthwise);
  const fits = x.shape[3] === filter.shape[2] && (!bias || sizeOf(bias.shape) === form.outChannels);
  return fits && form.outHeight > 0 && form.outWidth > 0 ? form : null;
}

/** The activation of a fused convolution, as `finish_rows` knows it; undefined where it does not. */
export const activationOf = ({ inputs, attrs }) => (
  inputs.preluActivationWeights ? undefined : ACTIVATIONS.get(attrs.activation ?? 'linear'));

const POINTS = 36;
/** Floats of all points of all kernels, which take four times the room of the kernels. */
const MOST_POINTS = 1e7;
/** What the transforms of one channel of one tile cost, in products. */
const TRANSFORM = 300;

/** With more threads than this XNNPACK is done sooner where the kernels have but one. */
const MOST_THREADS = 3;

/** Whether Winograd's way takes less time. */
function paysTransformed(kit, form) {
  if (kit.threads > MOST_THREADS && !kit.crew) return false;
  const { inChannels: inner, outChannels: outer, outHeight, outWidth } = form;
  if (form.filterHeight !== 3 || form.filterWidth !== 3 || inner % 4 || outer % 4
      || [form.strideHeight, form.strideWidth, form.dilationHeight, form.dilationWidth]
        .some((step) => step !== 1) || POINTS * inner * outer > MOST_POINTS) return false;
  const tiles = Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const products = tiles * (POINTS * inner * outer + TRANSFORM * (inner + outer));
  return products < 0.9 * outHeight * outWidth * 9 * inner * outer;
}

/** Returns whether the result is right, which it may not be where something is not finite. */
function transformed(kit, x, filter, bias, out, form, kind) {
  const { inChannels: inner, outChannels: outer } = form;
  const bytes = kit.functions.winograd_bytes(inner, outer);
  const panels = kit.kept(filter, 'points', POINTS * ((outer + 7) >> 3) * inner << 5, (at) => (
    kit.functions.winograd_pack(kit.at(filter), at, inner, outer, kit.room(bytes))));
  const products = form.batchSize * form.outHeight * form.outWidth * inner * outer * 2.25;
  const pieces = bands(kit, form, products, 4).map(({ image, images, top, result, rows }) => [
    kit.at(x) + image, images, form.inHeight, form.inWidth, inner, panels, outer,
    top, form.padInfo.left, kit.at(out) + result, rows, form.outWidth,
    bias ? kit.at(bias) : 0, kind, 0]);
  return !kit.run('winograd', pieces, 14, bytes);
}

/**
 * A convolution in pieces: whole images, or bands of rows of one.
 *
 * Of each: where its images begin and its result does, in bytes, how many they are, the padding
 * above, and the rows of the result, a multiple of `unit` but for the last.
 */
export function bands(kit, form, products, unit) {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = form;
  const [image, row] = [inHeight * inWidth * inChannels * 4, outWidth * outChannels * 4];
  if (batchSize > 1) {
    return kit.ranges(batchSize, products).map(([from, to]) => ({
      image: from * image, images: to - from, top: form.padInfo.top, result: from * outHeight * row,
      rows: outHeight,
    }));
  }
  return kit.ranges(outHeight, products, unit).map(([from, to]) => ({
    image: 0, images: 1, top: form.padInfo.top - from * form.strideHeight, result: from * row,
    rows: to - from,
  }));
}

function convolve(kit, x, filter, bias, form, kind) {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, outChannels } = form;
  const out = kit.output(form.outShape);
  if (form.batchSize === 0) return out;
  if (paysTransformed(kit, form) && transformed(kit, x, filter, bias, out, form, kind)) return out;
  const pixels = form.batchSize * form.outHeight * form.outWidth;
  if (filterHeight === 1 && filterWidth === 1 && pixels * inChannels === sizeOf(x.shape)) {
    rowsTimes(kit, x, filter, bias, out, pixels, inChannels, outChannels, kind);
    return out;
  }
  const k = filterHeight * filterWidth * inChannels;
  const panels = kit.packed(filter, k, outChannels);
  const pieces = bands(kit, form, pixels * k * outChannels, 1)
    .map(({ image, images, top, result, rows }) => [
      kit.at(x) + image, images, inHeight, inWidth, inChannels,
      panels, filterHeight, filterWidth, outChannels, form.strideHeight, form.strideWidth,
      form.dilationHeight, form.dilationWidth, top, form.padInfo.left,
      kit.at(out) + result, rows, form.outWidth, bias ? kit.at(bias) : 0, kind, 0]);
  kit.run('convolve', pieces, 20, kit.functions.patch_bytes(k));
  return out;
}

function convolution(kit, original, kindOf) {
  return (call) => {
    const { inputs: { x, filter, bias }, attrs, backend } = call;
    const kind = kindOf(call);
    if (!kit.serves(backend) || kind === undefined) return original(call);
    const form = formOf(kit, x, filter, bias, attrs);
    if (!form) return original(call);
    const products = sizeOf(form.outShape) * sizeOf(filter.shape.slice(0, 3));
    if (isForThreads(kit, products) && !paysTransformed(kit, form)) return original(call);
    return convolve(kit, x, filter, bias, form, kind);
  };
}

export const conv2D = (kit, original) => convolution(kit, original, () => 0);

export const fusedConv2D = (kit, original) => convolution(kit, original, activationOf);
