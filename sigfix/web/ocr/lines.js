// Reading order: words to lines, lines to blocks.
//
// A box is [left, top, right, bottom] or four corners, in parts of the page.

import { argsort, mean, median } from './numbers.js';
import { enclosing } from './enclosing.js';

const PARAGRAPH_BREAK = 0.035; // of the page's width: the widest gap within a line
const NEAR = 0.1; // how far lines of a block are from each other
const LEAST_ANGLE = 1; // in degrees: less is not straightened

/** @typedef {number[] | import('./hull.js').Point[]} Box */

/** @param {Box} box */
const isRotated = (box) => Array.isArray(box[0]);

/** The angle of rotated boxes in degrees, counterclockwise as seen. */
function pageAngle(boxes, { width, height }) {
  const angles = boxes.map(([a, b, c, d]) => {
    const rise = (a[1] + d[1] - b[1] - c[1]) * height;
    const run = (b[0] + c[0] - a[0] - d[0]) * width;
    return Math.atan(rise / run) * 180 / Math.PI;
  }).filter(Number.isFinite);
  return angles.length ? median(angles) : 0;
}

/** Corners turned around the middle of the page by an angle in degrees, clockwise as seen. */
function turned(box, degrees, { width, height }) {
  const sine = Math.sin(degrees * Math.PI / 180);
  const cosine = Math.cos(degrees * Math.PI / 180);
  return box.map(([x, y]) => {
    const [dx, dy] = [x * width - width / 2, y * height - height / 2];
    return [
      (width / 2 + dx * cosine - dy * sine) / width,
      (height / 2 + dx * sine + dy * cosine) / height,
    ];
  });
}

const centre = (box) => [0, 1].map((axis) => mean(box.map((point) => point[axis])));

/** Rotated boxes as straight ones on the straightened page. */
function straightened(boxes, page) {
  const angle = pageAngle(boxes, page);
  const steep = Math.abs(angle);
  const turns = steep >= LEAST_ANGLE && steep <= 90 - LEAST_ANGLE;
  return boxes.map((box) => {
    let corners = turns ? turned(box, angle, page) : box;
    const [[x0, y0], [x1, y1]] = box;
    const own = Math.atan2(-(y1 - y0) * page.height, (x1 - x0) * page.width) * 180 / Math.PI;
    if (steep >= LEAST_ANGLE && Math.abs(own) < steep / 2) {
      // Not rotated itself, as detectors give some: it only moves.
      const [from, to] = [centre(box), centre(corners)];
      corners = box.map(([x, y]) => [x - from[0] + to[0], y - from[1] + to[1]]);
    }
    const [xs, ys] = [0, 1].map((axis) => corners.map((point) => point[axis]));
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  });
}

const middleOf = ([, top, , bottom]) => (top + bottom) / 2;

/** Words in rows: from the top on, as long as each is near the mean height of those before. */
function rowsOf(boxes, order, height) {
  const rows = [];
  let sum = 0;
  for (const word of order) {
    const row = rows.at(-1);
    const middle = middleOf(boxes[word]);
    if (row && Math.abs(middle - sum / row.length) < height / 2) {
      row.push(word);
      sum += middle;
    } else {
      rows.push([word]);
      sum = middle;
    }
  }
  return rows.map((row) => argsort(row.map((word) => boxes[word][0])).map((place) => row[place]));
}

/** The widest gap within a line: wider ones part columns. */
function widestGap(boxes, rows, height, page) {
  const gaps = rows.flatMap((row) => row.slice(1).map(
    (word, place) => boxes[word][0] - boxes[row[place]][2]));
  const apart = gaps.filter((gap) => gap > 0);
  const least = height * page.height / page.width;
  if (apart.length >= 5 && apart.length >= gaps.length / 2) {
    return Math.min(PARAGRAPH_BREAK, Math.max(3 * median(apart), least));
  }
  return gaps.length >= 5 ? Math.min(PARAGRAPH_BREAK, least) : PARAGRAPH_BREAK;
}

/**
 * Words in lines.
 * @param {Box[]} boxes
 * @param {{width: number, height: number}} page in pixels
 * @returns {number[][]} positions in `boxes`
 */
export function linesOf(boxes, page) {
  if (!boxes.length) return [];
  const straight = isRotated(boxes[0]) ? straightened(boxes, page) : boxes;
  const height = median(straight.map(([, top, , bottom]) => bottom - top));
  const unit = height > 0 ? height : 1;
  const order = argsort(straight.map(([left, , , bottom]) => left + 2 * bottom / unit));
  const rows = rowsOf(straight, order, height);
  const widest = widestGap(straight, rows, height, page);
  return rows.flatMap((row) => {
    const lines = [];
    for (const word of row) {
      const before = lines.at(-1)?.at(-1);
      const near = before !== undefined && straight[word][0] - straight[before][2] < widest;
      if (near) lines.at(-1).push(word);
      else lines.push([word]);
    }
    return lines;
  });
}

/** What lines are compared by: middles of pairs of sides, each at one end. */
function features(box) {
  if (!isRotated(box)) {
    const [left, top, right, bottom] = box;
    return [(left + bottom) / 2, (top + right) / 2, (left + right) / 2, (top + bottom) / 2, left, top];
  }
  const [[x0, y0], , [x2, y2]] = box;
  return [[x0, y0], [x0, x2], [x0, y2], [y0, y2], [y0, x2], [x2, y2]].map(([a, b]) => (a + b) / 2);
}

/**
 * Lines in blocks: those that a chain of near ones connects.
 * @param {Box[]} boxes
 * @param {number[][]} lines
 * @returns {number[][][]} lines, by block
 */
export function blocksOf(boxes, lines) {
  if (lines.length < 2) return lines.length ? [lines] : [];
  const places = lines.map((line) => features(enclosing(line.map((word) => boxes[word]))));
  const near = (one, other) => Math.hypot(
    ...places[one].map((value, index) => value - places[other][index])) <= NEAR;
  const blocks = [];
  const left = new Set(lines.keys());
  for (const first of lines.keys()) {
    if (!left.delete(first)) continue;
    const block = [first];
    for (const line of block) {
      for (const other of [...left]) if (near(line, other) && left.delete(other)) block.push(other);
    }
    blocks.push(block.sort((one, other) => one - other).map((line) => lines[line]));
  }
  return blocks;
}
