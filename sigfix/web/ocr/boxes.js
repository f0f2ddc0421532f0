// From a detector's map of probabilities to the boxes of words.

import { binarise, open, outerRegions, uncovered } from './bitmap.js';
import { corners, smallestRectangle } from './hull.js';
import { clamp } from './numbers.js';
import { grow } from './offset.js';

const THINNEST = 2; // between the first and the last pixel of a region

/**
 * A box with the mean probability in it: [left, top, right, bottom], or four corners, in parts of
 * the page from 0 to 1.
 * @typedef {{box: number[], score: number}} StraightBox
 * @typedef {{box: import('./hull.js').Point[], score: number}} RotatedBox
 */

const f = Math.fround;

/** The mean of the pixels of a box, its last ones included, of those that `counts`. */
function meanIn(map, width, { left, top, right, bottom }, counts = () => true) {
  let sum = 0;
  let count = 0;
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      if (!counts(x, y)) continue;
      sum += map[y * width + x];
      count += 1;
    }
  }
  return sum / count;
}

/** Grown by area x ratio / circumference: of a rectangle, whose round corners fall out. */
function straightBox(region, map, width, height, settings) {
  const { left, top } = region;
  const wide = region.right - left + 1;
  const high = region.bottom - top + 1;
  const score = meanIn(map, width, {
    left, top, right: Math.min(left + wide, width - 1), bottom: Math.min(top + high, height - 1),
  });
  if (score < settings.least_score) return null;
  const distance = wide * high * settings.unclip / (2 * (wide + high));
  const points = grow(
    [[left, top], [left, top + high], [left + wide, top + high], [left + wide, top]], distance);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const [right, bottom] = [Math.max(...xs) + 1, Math.max(...ys) + 1];
  if (right - x < settings.least_side || bottom - y < settings.least_side) return null;
  const box = [x / width, y / height, right / width, bottom / height];
  return { box: box.map((value) => clamp(value, 0, 1)), score: clamp(score, 0, 1) };
}

/** The ends of a region's rows, which is all that its hull needs. */
function ends(region) {
  return [...region.rows].flatMap(([y, [first, last]]) => [[first, y], [last, y]]);
}

/** @returns {RotatedBox | null} */
function rotatedBox(region, labels, map, width, height, settings) {
  const { left, top, right } = region;
  const wide = right - left + 1;
  const missing = uncovered(region, labels, width);
  const score = meanIn(map, width, region, (x, y) => !missing[(y - top) * wide + x - left]);
  if (score < settings.least_score) return null;
  const rectangle = smallestRectangle(ends(region));
  const area = (rectangle.width + 1) * (rectangle.height + 1);
  const distance = area * settings.unclip / (2 * (rectangle.width + rectangle.height) + 2);
  const points = grow(corners(rectangle), distance);
  if (!points.length) return null;
  const box = orderCorners(corners(smallestRectangle(points, 'right')));
  if (Math.hypot(box[2][0] - box[0][0], box[2][1] - box[0][1]) < settings.least_side) return null;
  return {
    box: box.map(([x, y]) => [clamp(f(x / width), 0, 1), clamp(f(y / height), 0, 1)]),
    score: clamp(score, 0, 1),
  };
}

/**
 * Four corners from the top left one on, clockwise as seen.
 * @param {import('./hull.js').Point[]} points
 * @returns {import('./hull.js').Point[]}
 */
export function orderCorners(points) {
  const middle = (axis) => f(points.reduce((sum, point) => f(sum + point[axis]), 0) / 4);
  const [x, y] = [middle(0), middle(1)];
  const angle = (point) => f(Math.atan2(f(point[1] - y), f(point[0] - x)));
  const turned = [...points].sort((one, other) => angle(one) - angle(other));
  const sums = turned.map((point) => f(point[0] + point[1]));
  const first = sums.indexOf(Math.min(...sums));
  return [...turned.slice(first), ...turned.slice(0, first)];
}

/**
 * The boxes of a map.
 * @param {Float32Array} map height x width probabilities
 * @param {number} width
 * @param {number} height
 * @param {{opening: number, binarise_at: number, least_score: number, unclip: number,
 *   least_side: number}} settings of the model card
 * @param {boolean} straight whether text is horizontal
 * @returns {(StraightBox | RotatedBox)[]}
 */
export function findBoxes(map, width, height, settings, straight) {
  const bitmap = open(binarise(map, settings.binarise_at), width, settings.opening);
  const { regions, labels } = outerRegions(bitmap, width, height);
  const boxes = [];
  for (const region of regions) {
    const thin = Math.min(region.right - region.left, region.bottom - region.top) < THINNEST;
    const box = thin ? null : straight
      ? straightBox(region, map, width, height, settings)
      : rotatedBox(region, labels, map, width, height, settings);
    if (box) boxes.push(box);
  }
  return boxes;
}

/**
 * Boxes in parts of the page, where they were in parts of a square that the page was centred in.
 * @template {StraightBox | RotatedBox} Box
 * @param {Box[]} boxes
 * @param {{width: number, height: number}} page
 * @param {'symmetric' | 'end'} padding
 * @returns {Box[]}
 */
export function withoutPadding(boxes, { width, height }, padding) {
  const middle = padding === 'symmetric' ? 0.5 : 0;
  const stretch = (value, long, short) => clamp(
    long > short ? (value - middle) * long / short + middle : value, 0, 1);
  const onPage = ([x, y]) => [stretch(x, height, width), stretch(y, width, height)];
  return boxes.map(({ box, score }) => ({
    box: Array.isArray(box[0]) ? box.map(onPage)
      : [...onPage(box.slice(0, 2)), ...onPage(box.slice(2))],
    score,
  }));
}
