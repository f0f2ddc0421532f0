// Bilinear resizing with antialiasing, as torchvision resizes the images that docTR reads.
//
// An output pixel is a weighted mean of the input pixels below a triangle around its centre. Where
// the image shrinks, the triangle is as much wider: a canvas leaves that out, and so reads
// other letters.

/**
 * An image: bytes of red, green and blue in turn, row by row.
 * @typedef {{data: Uint8Array, width: number, height: number}} Picture
 */

/**
 * For each output position: where its input pixels start, how many they are, and where their
 * weights begin.
 * @param {number} from
 * @param {number} to
 * @returns {{starts: Int32Array, counts: Int32Array, offsets: Int32Array, weights: Float32Array}}
 */
function taps(from, to) {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const most = Math.min(Math.ceil(2 * reach) + 1, from);
  const [starts, counts, offsets] = Array.from({ length: 3 }, () => new Int32Array(to));
  const weights = new Float32Array(to * most);
  for (let index = 0, offset = 0; index < to; index += 1) {
    const centre = scale * (index + 0.5);
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const count = Math.min(Math.trunc(centre + reach + 0.5), from) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap += 1) {
      weights[offset + tap] = Math.max(1 - Math.abs((first + tap - centre + 0.5) / reach), 0);
      sum += weights[offset + tap];
    }
    for (let tap = 0; tap < count; tap += 1) weights[offset + tap] /= sum;
    [starts[index], counts[index], offsets[index]] = [first, count, offset];
    offset += count;
  }
  return { starts, counts, offsets, weights };
}

/**
 * @param {Picture} picture
 * @param {number} width in pixels
 * @returns {Float32Array} rows of `width` pixels
 */
function resizeRows({ data, width: from, height }, width) {
  const { starts, counts, offsets, weights } = taps(from, width);
  const out = new Float32Array(height * width * 3);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 3) {
      const end = offsets[x] + counts[x];
      let at = (y * from + starts[x]) * 3;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let tap = offsets[x]; tap < end; tap += 1, at += 3) {
        const weight = weights[tap];
        red += data[at] * weight;
        green += data[at + 1] * weight;
        blue += data[at + 2] * weight;
      }
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
  const { starts, counts, offsets, weights } = taps(picture.height, height);
  const row = width * 3;
  const sums = new Float64Array(row);
  const rounded = new Float32Array(row);
  // What is written here is rounded, halves to the even one, and clamped, as torchvision does.
  const data = new Uint8ClampedArray(row * height);
  for (let y = 0; y < height; y += 1) {
    sums.fill(0);
    for (let tap = 0; tap < counts[y]; tap += 1) {
      const weight = weights[offsets[y] + tap];
      const from = (starts[y] + tap) * row;
      for (let x = 0; x < row; x += 1) sums[x] += rows[from + x] * weight;
    }
    rounded.set(sums);
    data.set(rounded, y * row);
  }
  return { data: new Uint8Array(data.buffer), width, height };
}
