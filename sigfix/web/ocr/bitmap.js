// Bitmaps of a detector's probabilities: opening, and the regions that a text may be.
//
// A bitmap is a Uint8Array of 0 and 1, row by row.

/**
 * Each pixel with the pixels that lie `step` before and behind it: all of them, or any of them.
 * @param {Uint8Array} bitmap
 * @param {number} stretch of pixels, in which the neighbours lie, too
 * @param {number} step
 * @param {boolean} all
 * @returns {Uint8Array}
 */
function withNeighbours(bitmap, stretch, step, all) {
  const out = bitmap.slice();
  for (let start = 0; start < bitmap.length; start += stretch) {
    const end = start + stretch - step;
    if (all) {
      for (let at = start; at < end; at += 1) {
        out[at] &= bitmap[at + step];
        out[at + step] &= bitmap[at];
      }
    } else {
      for (let at = start; at < end; at += 1) {
        out[at] |= bitmap[at + step];
        out[at + step] |= bitmap[at];
      }
    }
  }
  return out;
}

/**
 * An opening with a square of `size` x `size` pixels (odd); what lies outside has no say.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {number} size 1 leaves the bitmap as it is
 * @returns {Uint8Array}
 */
export function open(bitmap, width, size) {
  let out = bitmap;
  for (const all of [true, false]) {
    for (let reach = 1; reach < size; reach += 2) {
      const alongRows = withNeighbours(out, width, 1, all);
      out = withNeighbours(alongRows, bitmap.length, width, all);
    }
  }
  return out;
}

/**
 * The bitmap of a map of probabilities.
 * @param {Float32Array} map
 * @param {number} threshold
 * @returns {Uint8Array}
 */
export function binarise(map, threshold) {
  const least = Math.fround(threshold);
  const bitmap = new Uint8Array(map.length);
  for (let at = 0; at < map.length; at += 1) bitmap[at] = map[at] >= least ? 1 : 0;
  return bitmap;
}

/**
 * Whether each pixel is background that reaches the border, by steps to the four sides.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {number} height
 * @returns {Uint8Array}
 */
export function outside(bitmap, width, height) {
  const reached = new Uint8Array(bitmap.length);
  const stack = new Int32Array(bitmap.length);
  let waiting = 0;
  const visit = (at) => {
    if (bitmap[at] || reached[at]) return;
    reached[at] = 1;
    stack[waiting] = at;
    waiting += 1;
  };
  for (let x = 0; x < width; x += 1) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y += 1) {
    visit(y * width);
    visit((y + 1) * width - 1);
  }
  while (waiting) {
    waiting -= 1;
    const at = stack[waiting];
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at + width < bitmap.length) visit(at + width);
  }
  return reached;
}

/**
 * A region of pixels that touch at sides or corners: its box, and the ends of its rows.
 * @typedef {{left: number, top: number, right: number, bottom: number, label: number,
 *   rows: Map<number, [number, number]>}} Region right and bottom are its last pixels
 */

/**
 * Collect the region around a pixel, and write its label.
 * @param {boolean} corners whether pixels that touch at corners belong together
 * @returns {Region}
 */
function collect(bitmap, width, start, label, labels, corners) {
  const region = { left: Infinity, top: Infinity, right: 0, bottom: 0, label, rows: new Map() };
  const stack = [start];
  labels[start] = label;
  while (stack.length) {
    const at = stack.pop();
    const x = at % width;
    const y = (at - x) / width;
    const row = region.rows.get(y);
    if (!row) region.rows.set(y, [x, x]);
    else if (x < row[0]) row[0] = x;
    else if (x > row[1]) row[1] = x;
    for (let up = at - width; up <= at + width; up += width) {
      for (let next = up - (x > 0 ? 1 : 0); next <= up + (x < width - 1 ? 1 : 0); next += 1) {
        if (bitmap[next] && !labels[next] && (corners || up === at || next === up)) {
          labels[next] = label;
          stack.push(next);
        }
      }
    }
  }
  for (const [y, [first, last]] of region.rows) {
    region.left = Math.min(region.left, first);
    region.right = Math.max(region.right, last);
    region.top = Math.min(region.top, y);
    region.bottom = Math.max(region.bottom, y);
  }
  return region;
}

/**
 * All regions.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {boolean} [corners] whether pixels that touch at corners belong together
 * @returns {{regions: (Region & {first: number})[], labels: Int32Array}} labels: the region of each
 *   pixel, 0 for none; `first` is a region's first pixel
 */
export function allRegions(bitmap, width, corners = true) {
  const labels = new Int32Array(bitmap.length);
  const regions = [];
  for (let at = 0; at < bitmap.length; at += 1) {
    if (!bitmap[at] || labels[at]) continue;
    const region = collect(bitmap, width, at, regions.length + 1, labels, corners);
    regions.push(Object.assign(region, { first: at }));
  }
  return { regions, labels };
}

/**
 * The regions that lie in no hole of another, in the order in which OpenCV lists their contours.
 * @param {Uint8Array} bitmap
 * @param {number} width
 * @param {number} height
 * @returns {{regions: Region[], labels: Int32Array}} labels: the region of each pixel, 0 for none
 */
export function outerRegions(bitmap, width, height) {
  const around = outside(bitmap, width, height);
  const { regions, labels } = allRegions(bitmap, width);
  // The pixel before a region's first one is background, that which goes all around it.
  const outer = regions.filter(({ first }) => first % width === 0 || around[first - 1]);
  return { regions: outer.reverse(), labels };
}

/**
 * Which pixels of its box a region covers, holes and what lies in them included.
 * @param {Region} region
 * @param {Int32Array} labels
 * @param {number} width of the map
 * @returns {Uint8Array} 1 where it does not
 */
export function uncovered({ left, top, right, bottom, label }, labels, width) {
  const wide = right - left + 1;
  const high = bottom - top + 1;
  const own = new Uint8Array(wide * high);
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      if (labels[(y + top) * width + x + left] === label) own[y * wide + x] = 1;
    }
  }
  return outside(own, wide, high);
}
