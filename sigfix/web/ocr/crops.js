// The words of a page as images of their own.

import { roundHalfEven } from './numbers.js';
import { cut } from './picture.js';
import { affine, projective, warp } from './warp.js';

const f = Math.fround;

// Whether a side of 72 pixels is cut to 71 is decided by its last bit, so lengths are computed in
// the steps and the precision that NumPy takes them in.

const distance = (from, to) => Math.sqrt((to[0] - from[0]) ** 2 + (to[1] - from[1]) ** 2);

/** Of points that are floats of 32 bits. */
function floatDistance(from, to) {
  const [x, y] = [f(to[0] - from[0]), f(to[1] - from[1])];
  return f(Math.sqrt(f(f(x * x) + f(y * y))));
}

/** @typedef {import('./resize.js').Picture} Picture */

/**
 * The part of a page in a straight box.
 * @param {Picture} page
 * @param {number[]} box left, top, right and bottom in parts of the page
 * @returns {Picture} which may be empty
 */
export function straightCrop(page, [left, top, right, bottom]) {
  const [x0, x1] = [left, right].map((value) => roundHalfEven(value * page.width));
  const [y0, y1] = [top, bottom].map((value) => roundHalfEven(value * page.height));
  return cut(page, x0, y0, x1 + 1, y1 + 1);
}

/** The corners of a box in pixels. */
function inPixels(box, page) {
  return box.map(([x, y]) => [x * page.width, y * page.height]);
}

const asFloats = (points) => points.map((point) => point.map(f));

const EMPTY = { data: new Uint8Array(0), width: 0, height: 0 };

/**
 * The part of a page in a rotated box, its first corner at the top left.
 * @param {Picture} page
 * @param {import('./hull.js').Point[]} box four corners in parts of the page
 * @returns {Picture} which may be empty
 */
export function rotatedCrop(page, box) {
  const points = asFloats(inPixels(box, page));
  const [wide, high] = [floatDistance(points[0], points[1]), floatDistance(points[1], points[2])];
  const [width, height] = [Math.trunc(wide), Math.trunc(high)];
  if (width < 1 || height < 1) return EMPTY;
  return warp(page, width, height, affine(points, f(wide - 1), f(high - 1)));
}

/**
 * The part of a page in a rotated box whose text is nearly horizontal, whichever corner is first.
 * @param {Picture} page
 * @param {import('./hull.js').Point[]} box four corners in parts of the page
 * @returns {Picture} which may be empty
 */
export function horizontalCrop(page, box) {
  const points = inPixels(box, page);
  const middle = points.reduce((sum, [x]) => sum + x, 0) / 4;
  const byHeight = (some) => some.sort((one, other) => one[1] - other[1]);
  const left = byHeight(points.filter(([x]) => x < middle));
  const right = byHeight(points.filter(([x]) => x >= middle));
  if (!left.length || !right.length) return EMPTY;
  const quad = [left[0], right[0], right.at(-1), left.at(-1)];
  const longer = (one, two) => Math.max(Math.trunc(distance(...one)), Math.trunc(distance(...two)));
  const width = longer([quad[0], quad[1]], [quad[3], quad[2]]);
  const height = longer([quad[0], quad[3]], [quad[1], quad[2]]);
  if (width < 1 || height < 1) return EMPTY;
  return warp(page, width, height, projective(asFloats(quad), width - 1, height - 1));
}
