// Depthwise convolutions, channel by channel.
//
// TensorFlow.js 4.22 lets XNNPACK multiply the zeros beside the image, too: of an image of one row, a
// window of five by five has twenty of them.

import { sizeOf } from './backend.mjs';
import { activationOf, bands, formOf } from './convolutions.mjs';

/**
 * Whether this takes less time than XNNPACK, with one thread: 0.12 to 0.4 of it with 5 x 5 taps, 0.75 to
 * 0.95 with 3 x 3, but 1.3 with steps of two, and twice as much with one tap.
 */
function pays(kit, { filterHeight, filterWidth, strideWidth }) {
  const taps = filterHeight * filterWidth;
  return taps > 9 || (taps > 1 && (strideWidth === 1 || kit.crew !== null));
}

function convolution(kit, original, kindOf) {
  return (call) => {
    const { inputs: { x, filter, bias }, attrs, backend } = call;
    const kind = kindOf(call);
    if (!kit.serves(backend) || kind === undefined || filter.shape[3] !== 1) return original(call);
    const form = formOf(kit, x, filter, bias, attrs, true);
    if (!form || !pays(kit, form)) return original(call);
    const { inHeight, inWidth, inChannels, filterHeight, filterWidth } = form;
    const out = kit.output(form.outShape);
    if (form.batchSize === 0) return out;
    const products = sizeOf(form.outShape) * Math.min(filterHeight, inHeight) * filterWidth;
    const pieces = bands(kit, form, products * COST, 1).map(({ image, images, top, result, rows }) => [
      kit.at(x) + image, images, inHeight, inWidth, inChannels, kit.at(filter), filterHeight,
      filterWidth, form.strideHeight, form.strideWidth, form.dilationHeight, form.dilationWidth,
      top, form.padInfo.left, kit.at(out) + result, rows, form.outWidth,
      bias ? kit.at(bias) : 0, kind]);
    kit.run('depthwise', pieces);
    return out;
  };
}

/** What one of these products costs, in those of a matrix: there each number is read less often. */
const COST = 3;

export const depthwiseConv2D = (kit, original) => convolution(kit, original, () => 0);

export const fusedDepthwiseConv2D = (kit, original) => convolution(kit, original, activationOf);
