// Pages that are not upright: how they lie, and turned so that their lines are level.

import { allRegions, outside, uncovered } from './bitmap.js';
import { smallestRectangle } from './hull.js';
import { clamp, roundHalfEven } from './numbers.js';
import { warp } from './warp.js';

const MOST_REGIONS = 70;
const LEAST_AREA = 100; // of a region, in pixels of the map
const LINE = 3; // how many times longer than high a line of text is at least

const f = Math.fround;

/**
 * A rotation around a point, as OpenCV's getRotationMatrix2D has it.
 * @param {number} x
 * @param {number} y
 * @param {number} degrees counterclockwise as seen
 * @returns {number[][]} rows [a, b, c]: x to a x + b y + c
 */
function rotation(x, y, degrees) {
  const [cosine, sine] = [Math.cos, Math.sin].map((of) => of(degrees * Math.PI / 180));
  return [
    [cosine, sine, (1 - cosine) * x - sine * y],
    [-sine, cosine, sine * x + (1 - cosine) * y],
  ];
}

/** The map that undoes a rotation that only moves beside it. */
function inverse([[a, b, c], [d, e, g]]) {
  return [[a, d, -(a * c + d * g)], [b, e, -(b * c + e * g)]];
}

const moved = ([[a, b, c], [d, e, g]], [x, y]) => [a * x + b * y + c, d * x + e * y + g];

/** A bitmap turned around its middle, by as many degrees counterclockwise. */
function turnedBitmap(bitmap, width, height, degrees) {
  if (degrees % 360 === 0) return bitmap;
  const from = inverse(rotation(width / 2, height / 2, degrees));
  const out = new Uint8Array(bitmap.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [sourceX, sourceY] = moved(from, [x, y]).map((value) => Math.round(value * 32) / 32);
      for (const nearX of [Math.floor(sourceX), Math.ceil(sourceX)]) {
        for (const nearY of [Math.floor(sourceY), Math.ceil(sourceY)]) {
          const inside = nearX >= 0 && nearY >= 0 && nearX < width && nearY < height;
          if (inside && bitmap[nearY * width + nearX]) out[y * width + x] = 1;
        }
      }
    }
  }
  return out;
}

/**
 * The area inside a contour that runs through the middles of pixels, by squares between four of
 * them: whole ones, and halves where the contour cuts a corner off.
 * @param {(x: number, y: number) => boolean} inside
 * @param {{left: number, top: number, right: number, bottom: number}} box
 * @param {number[]} parts of a square, by how many of its corners are inside
 */
function areaOf(inside, { left, top, right, bottom }, parts) {
  let area = 0;
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      area += parts[inside(x, y) + inside(x + 1, y) + inside(x, y + 1) + inside(x + 1, y + 1)];
    }
  }
  return area;
}

const ends = ({ rows }) => [...rows].flatMap(([y, [first, last]]) => [[first, y], [last, y]]);

/** The outlines of all regions: areas, and points that span their hulls. */
function outlines(bitmap, width, height) {
  const { regions, labels } = allRegions(bitmap, width);
  const found = regions.map((region) => {
    const missing = uncovered(region, labels, width);
    const wide = region.right - region.left + 1;
    const inside = (x, y) => !missing[(y - region.top) * wide + x - region.left];
    return { area: areaOf(inside, region, [0, 0, 0, 0.5, 1]), points: ends(region) };
  });
  return [...found, ...holes(bitmap, width, height)];
}

/** The outlines of holes, which run through the pixels around them. */
function holes(bitmap, width, height) {
  const around = outside(bitmap, width, height);
  const background = bitmap.map((value, at) => (value || around[at] ? 0 : 1));
  const { regions, labels } = allRegions(background, width, false);
  return regions.map((hole) => {
    const inside = (x, y) => labels[y * width + x] === hole.label;
    const box = { left: hole.left - 1, top: hole.top - 1, right: hole.right + 1, bottom: hole.bottom + 1 };
    const points = ends(hole).flatMap(([x, y]) => [[x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]]);
    return { area: areaOf(inside, box, [0, 0.5, 1, 1, 1]), points };
  });
}

/** The angle of a line of text in degrees, clockwise as seen; null of what is no line. */
function angleOf({ width, height, degrees }) {
  if (!width || !height || Math.max(width / height, height / width) <= LINE) return null;
  const angle = width < height ? degrees - 90 : degrees;
  return angle <= -90 ? angle + 180 : angle;
}

const longness = ({ width, height }) => (
  width && height ? Math.max(width / height, height / width) : 0);

/**
 * By how many degrees a page has to be turned counterclockwise for its lines to be level, whole
 * degrees from -179 to 180.
 * @param {Uint8Array} bitmap where a detector sees text
 * @param {number} width
 * @param {number} height
 * @param {number} quarters what the classifier says: 0, 90, 180 or -90
 * @returns {number}
 */
export function pageDirection(bitmap, width, height, quarters) {
  const turned = turnedBitmap(bitmap, width, height, -quarters);
  const angles = outlines(turned, width, height)
    .filter(({ area }) => area > LEAST_AREA)
    .map(({ points }) => smallestRectangle(points))
    .sort((one, other) => longness(other) - longness(one))
    .slice(0, MOST_REGIONS)
    .map(angleOf)
    .filter((angle) => angle !== null)
    .sort((one, other) => one - other);
  const skew = angles.length ? roundHalfEven(angles[(angles.length - 1) >> 1]) : 0;
  // A right angle is a line that was taken for upright, and the classifier's own angle a mistake.
  if (skew % 90 === 0 || (quarters && Math.abs(skew) === Math.abs(quarters))) return quarters;
  const sum = quarters + skew;
  return sum > 180 ? sum - 360 : sum <= -180 ? sum + 360 : sum;
}

/**
 * A page turned, with nothing cut off, and where its points were before.
 * @param {import('./resize.js').Picture} page
 * @param {number} degrees counterclockwise
 * @returns {{picture: import('./resize.js').Picture, before: (point: [number, number]) =>
 *   [number, number]}} points are in parts of the pages
 */
export function straightened(page, degrees) {
  const { width, height } = page;
  const [cosine, sine] = [Math.cos, Math.sin].map((of) => of(degrees * Math.PI / 180));
  const reach = (a, b) => 2 * Math.max(Math.abs(a - b), Math.abs(a + b));
  const pad = (wanted, own) => Math.max(0, Math.ceil(wanted - own));
  const padX = pad(reach(width / 2 * cosine, height / 2 * sine), width);
  const padY = pad(reach(height / 2 * cosine, width / 2 * sine), height);
  const [left, top] = [padX >> 1, padY >> 1];
  const [wide, high] = [width + padX, height + padY];
  const turn = rotation(wide / 2, high / 2, degrees);
  let [moreX, moreY] = [0, 0]; // docTR keeps the page's aspect ratio
  if (padX || padY) {
    if (high / wide > height / width) moreX = Math.trunc(high * width / height - wide);
    else moreY = Math.trunc(wide * height / width - high);
  }
  const corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    .map((corner) => moved(turn, corner));
  const [cutX, cutY] = [0, 1].map(
    (axis) => Math.max(0, Math.floor(Math.min(...corners.map((corner) => corner[axis])))));
  const back = inverse(turn);
  const [newWidth, newHeight] = [wide + moreX - cutX, high + moreY - cutY];
  const outsideOf = [-2, -2];
  const picture = warp(page, newWidth, newHeight, (x, y) => {
    if (x + cutX >= wide || y + cutY >= high) return outsideOf;
    const [sourceX, sourceY] = moved(back, [x + cutX, y + cutY]);
    return [f(sourceX) - left, f(sourceY) - top];
  });
  const before = ([x, y]) => {
    const [ownX, ownY] = moved(back, [x * newWidth + cutX, y * newHeight + cutY]);
    return [clamp(ownX - left, 0, width - 1) / width, clamp(ownY - top, 0, height - 1) / height];
  };
  return { picture, before };
}

/** A geometry of a straightened page on the page as it was. */
function geometryBefore(geometry, before) {
  if (geometry.length === 4) return geometry.map(before);
  const [[left, top], [right, bottom]] = geometry;
  const points = [[left, top], [right, top], [right, bottom], [left, bottom]].map(before);
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
}

/**
 * A page that was read straightened, with its geometries on the page as it was.
 * @param {import('./index.d.ts').Page} page
 * @param {(point: [number, number]) => [number, number]} before
 * @param {{width: number, height: number}} size of the page as it was
 */
export function pageBefore(page, before, { width, height }) {
  const back = (part) => ({ ...part, geometry: geometryBefore(part.geometry, before) });
  return {
    ...page,
    dimensions: [height, width],
    blocks: page.blocks.map((block) => ({
      ...back(block),
      lines: block.lines.map((line) => ({ ...back(line), words: line.words.map(back) })),
    })),
  };
}
