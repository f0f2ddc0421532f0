// Images as bytes: cutting and turning.

/**
 * A part of an image; what lies outside is left out.
 * @param {import('./resize.js').Picture} picture
 * @param {number} left
 * @param {number} top
 * @param {number} right behind the last column
 * @param {number} bottom below the last row
 * @returns {import('./resize.js').Picture}
 */
export function cut(picture, left, top, right, bottom) {
  const width = Math.max(Math.min(right, picture.width) - left, 0);
  const height = Math.max(Math.min(bottom, picture.height) - top, 0);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const from = ((y + top) * picture.width + left) * 3;
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { data, width, height };
}

/**
 * An image turned by quarters, counterclockwise.
 * @param {import('./resize.js').Picture} picture
 * @param {number} quarters 0 to 3
 * @returns {import('./resize.js').Picture}
 */
export function turn(picture, quarters) {
  if (quarters === 0) return picture;
  const { data, width, height } = picture;
  const flat = quarters === 2;
  const out = { data: new Uint8Array(data.length), width: flat ? width : height,
    height: flat ? height : width };
  for (let y = 0; y < out.height; y += 1) {
    for (let x = 0; x < out.width; x += 1) {
      const fromX = flat ? width - 1 - x : quarters === 1 ? width - 1 - y : y;
      const fromY = flat ? height - 1 - y : quarters === 1 ? x : height - 1 - x;
      const from = (fromY * width + fromX) * 3;
      const to = (y * out.width + x) * 3;
      out.data[to] = data[from];
      out.data[to + 1] = data[from + 1];
      out.data[to + 2] = data[from + 2];
    }
  }
  return out;
}
