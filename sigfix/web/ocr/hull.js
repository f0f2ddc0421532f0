// The convex hull of points, and the smallest rectangle around it.

/** @typedef {[number, number]} Point x and y */

const f = Math.fround;

/** Twice the area of a triangle, positive where it turns from x towards y. */
function turnOf(from, over, to) {
  return (over[0] - from[0]) * (to[1] - from[1]) - (over[1] - from[1]) * (to[0] - from[0]);
}

/**
 * The corners of the convex hull, from x towards y; none lies on a side.
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function convexHull(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const chain = (ordered) => {
    const corners = [];
    for (const point of ordered) {
      while (corners.length > 1 && turnOf(corners.at(-2), corners.at(-1), point) <= 0) {
        corners.pop();
      }
      const last = corners.at(-1);
      if (!last || last[0] !== point[0] || last[1] !== point[1]) corners.push(point);
    }
    return corners;
  };
  const lower = chain(sorted);
  const upper = chain(sorted.reverse());
  return lower.length === 1 ? lower : [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

/**
 * A rectangle at any angle. Sizes are floats of 32 bits, as OpenCV has them.
 * @typedef {{x: number, y: number, width: number, height: number, degrees: number}} Rectangle
 *   x and y are its centre
 */

/**
 * The hull, from behind the left or the right end of its row with the least y on.
 *
 * Where two rectangles are equally small, the last bits of a float decide between them, and with
 * them the corner that the search starts from.
 */
function startedBehind(hull, end) {
  const sign = end === 'left' ? 1 : -1;
  const first = hull.reduce((best, point, index) => {
    const [x, y] = hull[best];
    return point[1] < y || (point[1] === y && point[0] * sign < x * sign) ? index : best;
  }, 0);
  return [...hull.slice(first + 1), ...hull.slice(0, first + 1)];
}

/** Where the hull reaches farthest in a direction; of several corners the first. */
function extreme(hull, x, y) {
  return hull.reduce((best, point, index) => (
    point[0] * x + point[1] * y > hull[best][0] * x + hull[best][1] * y ? index : best), 0);
}

/** A vector turned back by quarters, from y towards x. */
function turnedBack([x, y], quarters) {
  return [[x, y], [y, -x], [-x, -y], [-y, x]][quarters];
}

/** Directions as OpenCV has them: least y, greatest x, greatest y, least x. */
const SIDES = [[0, -1], [1, 0], [0, 1], [-1, 0]];

/**
 * Each rectangle that has a side on the hull: turned from one side of the hull to the next.
 * @param {Point[]} hull at least three corners
 * @yields a direction [a, b] of length 1, the sizes along it and across, two corners that it touches
 */
function* rectanglesAround(hull) {
  const sides = hull.map(([x, y], index) => {
    const [nextX, nextY] = hull[(index + 1) % hull.length];
    return [f(nextX - x), f(nextY - y)];
  });
  const touching = SIDES.map(([x, y]) => extreme(hull, x, y));
  const along = (from, to, a, b) => {
    const [x, y] = [f(to[0] - from[0]), f(to[1] - from[1])];
    return f(f(x * a) + f(y * b));
  };
  for (let turns = 0; turns < hull.length; turns += 1) {
    const turned = touching.map((corner, quarters) => turnedBack(sides[corner], quarters));
    let next = 0;
    for (let side = 1; side < 4; side += 1) {
      const [[x, y], [leastX, leastY]] = [turned[side], turned[next]];
      if (y * leastX - x * leastY < 0) next = side;
    }
    const [x, y] = sides[touching[next]];
    const inverse = f(1 / Math.sqrt(x * x + y * y));
    const [a, b] = turnedBack([f(x * inverse), f(y * inverse)], next);
    touching[next] = (touching[next] + 1) % hull.length;
    const [bottom, right, top, left] = touching.map((corner) => hull[corner]);
    yield { a, b, left, bottom, width: along(left, right, a, b), height: along(bottom, top, -b, a) };
  }
}

/** Of a point or a line. */
function flatRectangle([first, last = first]) {
  const [x, y] = [last[0] - first[0], last[1] - first[1]];
  return {
    x: f((first[0] + last[0]) / 2),
    y: f((first[1] + last[1]) / 2),
    width: f(Math.hypot(x, y)),
    height: 0,
    degrees: f(Math.atan2(y, x) * 180 / Math.PI),
  };
}

/**
 * The smallest rectangle around points; of equally small ones the one that OpenCV takes.
 * @param {Point[]} points at least one
 * @param {'left' | 'right'} end of the row with the least y behind which the points start
 * @returns {Rectangle}
 */
export function smallestRectangle(points, end = 'left') {
  const hull = convexHull(points);
  if (hull.length < 3) return flatRectangle(hull);
  let best;
  let least = Infinity;
  for (const rectangle of rectanglesAround(startedBehind(hull, end))) {
    const area = f(rectangle.width * rectangle.height);
    if (area > least) continue;
    least = area;
    best = rectangle;
  }
  const { a, b, left, bottom, width, height } = best;
  const along = f(f(a * left[0]) + f(left[1] * b));
  const over = f(f(-b * bottom[0]) + f(bottom[1] * a));
  const scale = f(1 / f(f(a * a) + f(b * b)));
  const corner = [f(f(f(along * a) - f(over * b)) * scale), f(f(f(a * over) + f(b * along)) * scale)];
  const [wx, wy, hx, hy] = [f(a * width), f(b * width), f(-b * height), f(a * height)];
  const turned = Math.atan2(wy, wx) * 180 / Math.PI;
  const sizes = [f(Math.sqrt(wx * wx + wy * wy)), f(Math.sqrt(hx * hx + hy * hy))];
  // OpenCV's angles are from -90 to below 0.
  const swapped = turned >= 0 && turned < 90;
  if (swapped) sizes.reverse();
  return {
    x: f(corner[0] + f(f(wx + hx) * 0.5)),
    y: f(corner[1] + f(f(wy + hy) * 0.5)),
    width: sizes[0],
    height: sizes[1],
    degrees: f(turned - (swapped ? 90 : 180)),
  };
}

/**
 * The corners of a rectangle.
 * @param {Rectangle} rectangle
 * @returns {Point[]}
 */
export function corners({ x, y, width, height, degrees }) {
  const angle = degrees * Math.PI / 180;
  const b = f(f(Math.cos(angle)) * 0.5);
  const a = f(f(Math.sin(angle)) * 0.5);
  const corner = (high, wide) => [
    f(f(x + high * f(a * height)) + wide * f(b * width)),
    f(f(y - high * f(b * height)) + wide * f(a * width)),
  ];
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}
