// Convolutions: windows of the image, copied side by side, times one matrix.

import { sizeOf } from './backend.mjs';
import { ACTIVATIONS, isForThreads, rowsTimes } from './products.mjs';

/** A convolution as TensorFlow.js reads it, or null where the original is to do it. */
function formOf(kit, x, filter, bias, attrs) {
  if (x.dtype !== 'float32' || filter.dtype !== 'float32' || x.shape.length !== 4
      || (attrs.dataFormat ?? 'NHWC') !== 'NHWC') return null;
  const form = kit.tf.backend_util.computeConv2DInfo(x.shape, filter.shape, attrs.strides,
    attrs.dilations, attrs.pad, attrs.dimRoundingMode);
  const fits = x.shape[3] === filter.shape[2] && (!bias || sizeOf(bias.shape) === form.outChannels);
  return fits && form.outHeight > 0 && form.outWidth > 0 ? form : null;
}

const POINTS = 36;
/** Floats of all points of all kernels, which take four times the room of the kernels. */
const MOST_POINTS = 1e7;
/** What the transforms of one channel of one tile cost, in products. */
const TRANSFORM = 300;

/** With more threads than this XNNPACK is done sooner: it uses all of them, and the kernels one. */
const MOST_THREADS = 3;

/** Whether Winograd's way takes less time. */
function paysTransformed(kit, form) {
  if (kit.threads > MOST_THREADS) return false;
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
  const { winograd, winograd_bytes: bytes, winograd_pack: pack } = kit.functions;
  const room = kit.room(bytes(inner, outer));
  const panels = kit.kept(filter, 'points', POINTS * ((outer + 7) >> 3) * inner << 5, (at) => (
    pack(kit.at(filter), at, inner, outer, room)));
  return !winograd(kit.at(x), form.batchSize, form.inHeight, form.inWidth, inner, panels, outer,
    form.padInfo.top, form.padInfo.left, kit.at(out), form.outHeight, form.outWidth,
    bias ? kit.at(bias) : 0, kind, room);
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
  const patches = kit.room(kit.functions.patch_bytes(k));
  kit.functions.convolve(kit.at(x), form.batchSize, inHeight, inWidth, inChannels,
    panels, filterHeight, filterWidth, outChannels, form.strideHeight, form.strideWidth,
    form.dilationHeight, form.dilationWidth, form.padInfo.top, form.padInfo.left,
    kit.at(out), form.outHeight, form.outWidth, bias ? kit.at(bias) : 0, kind, patches);
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

export const fusedConv2D = (kit, original) => convolution(kit, original, ({ inputs, attrs }) => (
  inputs.preluActivationWeights ? undefined : ACTIVATIONS.get(attrs.activation ?? 'linear')));
