// Bilinear resizing with antialiasing, as torchvision resizes the images that docTR reads.
//
// An output pixel is a weighted mean of the input pixels below a triangle around its centre. Where
// the image shrinks, the triangle is as much wider: a canvas leaves that out, and so reads
// other letters.

import { clamp, roundHalfEven } from './numbers.js';

/**
 * An image: bytes of red, green and blue in turn, row by row.
 * @typedef {{data: Uint8Array, width: number, height: number}} Picture
 */

/**
 * For each output position: where its input pixels start, and their weights.
 * @param {number} from
 * @param {number} to
 * @returns {{starts: Int32Array, weights: Float32Array[]}}
 */
function taps(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const starts = new Int32Array(to);
  const weights = [];
  for (let index = 0; index < to; index += 1) {
    const centre = scale * (index + 0.5);
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), from);
    const row = new Float32Array(last - first);
    let sum = 0;
    for (let tap = 0; tap < row.length; tap += 1) {
      row[tap] = Math.max(1 - Math.abs((first + tap - centre + 0.5) / reach), 0);
      sum += row[tap];
    }
    starts[index] = first;
    weights.push(row.map((weight) => weight / sum));
  }
  return { starts, weights };
}

/**
 * @param {Picture} picture
 * @param {number} width in pixels
 * @returns {Float32Array} rows of `width` pixels
 */
function resizeRows({ data, width: from, height }, width) {
  const { starts, weights } = taps(from, width);
  const out = new Float32Array(height * width * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const row = weights[x];
      let at = (y * from + starts[x]) * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let tap = 0; tap < row.length; tap += 1, at += 3) {
        red += data[at] * row[tap];
        green += data[at + 1] * row[tap];
        blue += data[at + 2] * row[tap];
      }
      const to = (y * width + x) * 3;
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
    }
  }
  return out;
}

/**
 * An image in another size.
 * @param {Picture} picture
 * @param {number} width in pixels, at least 1
 * @param {number} height in pixels, at least 1
 * @returns {Picture}
 */
export function resize(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const rows = resizeRows(picture, width);
  const { starts, weights } = taps(picture.height, height);
  const data = new Uint8Array(width * height * 3);
  const sums = new Float64Array(width * 3);
  for (let y = 0; y < height; y += 1) {
    sums.fill(0);
    weights[y].forEach((weight, tap) => {
      const from = (starts[y] + tap) * sums.length;
      for (let x = 0; x < sums.length; x += 1) sums[x] += rows[from + x] * weight;
    });
    for (let x = 0; x < sums.length; x += 1) {
      data[y * sums.length + x] = clamp(roundHalfEven(Math.fround(sums[x])), 0, 255);
    }
  }
  return { data, width, height };
}
