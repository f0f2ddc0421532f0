// From an image to the values that a docTR model takes.

import { resize } from './resize.js';

/**
 * The size that an image has inside its frame, and where it lies there.
 *
 * The aspect ratio is kept. `symmetric` centres the image; otherwise what is left over is at the
 * right or at the bottom.
 * @param {{width: number, height: number}} image
 * @param {{width: number, height: number}} frame
 * @param {'symmetric' | 'end'} padding
 * @returns {{width: number, height: number, left: number, top: number}}
 */
export function fit(image, frame, padding) {
  const ratio = image.height / image.width;
  const wanted = frame.height / frame.width;
  let { width, height } = frame;
  if (ratio > wanted) width = Math.max(Math.trunc(frame.height / ratio), 1);
  else if (ratio < wanted) height = Math.max(Math.trunc(frame.width * ratio), 1);
  const half = (rest) => (padding === 'symmetric' ? Math.ceil(rest / 2) : 0);
  return { width, height, left: half(frame.width - width), top: half(frame.height - height) };
}

/**
 * Write an image into a place of a batch: resized, padded with black, normalised.
 * @param {import('./resize.js').Picture} picture
 * @param {{width: number, height: number}} frame
 * @param {{padding: 'symmetric' | 'end', mean: number[], std: number[]}} card
 * @param {Float32Array} out height x width x 3 values are written
 */
export function preprocessInto(picture, frame, { padding, mean, std }, out) {
  const { width, height, left, top } = fit(picture, frame, padding);
  const { data } = resize(picture, width, height);
  const tables = mean.map((middle, channel) => Float32Array.from(
    { length: 256 }, (_, value) => (Math.fround(value / 255) - middle) / std[channel]));
  // Black all over, by copies of what is black already.
  out.set(tables.map((table) => table[0]));
  for (let done = 3; done < out.length; done *= 2) out.copyWithin(done, 0, done);
  const [red, green, blue] = tables;
  for (let y = 0; y < height; y += 1) {
    let to = ((y + top) * frame.width + left) * 3;
    for (let from = y * width * 3; from < (y + 1) * width * 3; from += 3, to += 3) {
      out[to] = red[data[from]];
      out[to + 1] = green[data[from + 1]];
      out[to + 2] = blue[data[from + 2]];
    }
  }
}

/**
 * Images as one batch of values, [images, height, width, 3].
 * @param {import('./resize.js').Picture[]} pictures
 * @param {{width: number, height: number}} frame
 * @param {{padding: 'symmetric' | 'end', mean: number[], std: number[]}} card
 * @returns {Float32Array}
 */
export function preprocess(pictures, frame, card) {
  const size = frame.width * frame.height * 3;
  const out = new Float32Array(pictures.length * size);
  pictures.forEach((picture, index) => preprocessInto(
    picture, frame, card, out.subarray(index * size, (index + 1) * size)));
  return out;
}
