// A part of an image seen through an affine or a projective map, bilinear, black outside.

const f = Math.fround;

/**
 * @param {import('./resize.js').Picture} picture
 * @param {number} width of the result
 * @param {number} height of the result
 * @param {(x: number, y: number) => [number, number]} source where a pixel of the result comes from
 * @returns {import('./resize.js').Picture}
 */
export function warp(picture, width, height, source) {
  const { data, width: wide, height: high } = picture;
  const out = new Uint8Array(width * height * 3);
  const at = (x, y) => (x < 0 || y < 0 || x >= wide || y >= high ? -1 : (y * wide + x) * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [sourceX, sourceY] = source(x, y);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const alpha = sourceX - left;
      const beta = sourceY - top;
      const places = [at(left, top), at(left + 1, top), at(left, top + 1), at(left + 1, top + 1)];
      for (let channel = 0; channel < 3; channel += 1) {
        const [a, b, c, d] = places.map((place) => (place < 0 ? 0 : data[place + channel]));
        const upper = a + alpha * (b - a);
        const lower = c + alpha * (d - c);
        out[(y * width + x) * 3 + channel] = Math.round(upper + beta * (lower - upper));
      }
    }
  }
  return { data: out, width, height };
}

/**
 * The affine map that takes the corners (0, 0), (right, 0) and (right, bottom) to three points.
 * @param {import('./hull.js').Point[]} points
 * @param {number} right
 * @param {number} bottom
 * @returns {(x: number, y: number) => [number, number]}
 */
export function affine([first, second, third], right, bottom) {
  const part = (from, to, axis, length) => (length > 0 ? (to[axis] - from[axis]) / length : 0);
  const [xx, yx] = [part(first, second, 0, right), part(first, second, 1, right)];
  const [xy, yy] = [part(second, third, 0, bottom), part(second, third, 1, bottom)];
  return (x, y) => [f(first[0] + xx * x + xy * y), f(first[1] + yx * x + yy * y)];
}

/**
 * The projective map that takes the corners of a rectangle, from (0, 0) on clockwise, to four
 * points.
 * @param {import('./hull.js').Point[]} points
 * @param {number} right
 * @param {number} bottom
 * @returns {(x: number, y: number) => [number, number]}
 */
export function projective([[x0, y0], [x1, y1], [x2, y2], [x3, y3]], right, bottom) {
  const [dx1, dx2, sx] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, sy] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = area ? (sx * dy2 - dx2 * sy) / area : 0;
  const h = area ? (dx1 * sy - sx * dy1) / area : 0;
  return (x, y) => {
    const u = right > 0 ? x / right : 0;
    const v = bottom > 0 ? y / bottom : 0;
    const w = g * u + h * v + 1;
    return [
      f(((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / w),
      f(((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / w),
    ];
  };
}
