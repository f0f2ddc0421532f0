// One box around several.

import { orderCorners } from './boxes.js';
import { corners, smallestRectangle } from './hull.js';

const UNITS = 1024; // of a page, in which rectangles are fitted

/**
 * The smallest box around boxes: straight for straight ones, rotated for rotated ones.
 * @param {import('./lines.js').Box[]} boxes at least one
 * @returns {import('./lines.js').Box}
 */
export function enclosing(boxes) {
  if (!Array.isArray(boxes[0][0])) {
    const column = (index) => boxes.map((box) => box[index]);
    return [Math.min(...column(0)), Math.min(...column(1)),
      Math.max(...column(2)), Math.max(...column(3))];
  }
  const points = boxes.flat().map((point) => point.map((value) => Math.fround(value) * UNITS));
  return orderCorners(corners(smallestRectangle(points))
    .map((point) => point.map((value) => Math.fround(value / UNITS))));
}
