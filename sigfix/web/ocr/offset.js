// A polygon grown by a distance, with round corners, as docTR's Clipper library grows it.
//
// Only what growing a convex polygon needs: each side moves outwards along its normal, each corner
// becomes an arc of steps so small that they stay within a quarter of a pixel, and all points are
// rounded to whole pixels.

const TOLERANCE = 0.25; // of an arc, in pixels, and at most this part of the distance

/** To the nearest whole number, halves away from zero. */
function round(value) {
  return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5);
}

/** The polygon as whole numbers, without repeats, from x towards y. */
function wholePolygon(points) {
  const whole = points.map(([x, y]) => [Math.trunc(x), Math.trunc(y)]);
  const kept = whole.filter(([x, y], index) => {
    const [beforeX, beforeY] = whole.at(index - 1);
    return x !== beforeX || y !== beforeY;
  });
  let area = 0;
  kept.forEach(([x, y], index) => {
    const [beforeX, beforeY] = kept.at(index - 1);
    area += beforeX * y - x * beforeY;
  });
  return area < 0 ? kept.reverse() : kept;
}

/**
 * The points of a grown convex polygon.
 * @param {import('./hull.js').Point[]} points whose fractions are cut off
 * @param {number} distance above 0
 * @returns {import('./hull.js').Point[]} none for fewer than three points
 */
export function grow(points, distance) {
  const polygon = wholePolygon(points);
  if (polygon.length < 3) return [];
  const tolerance = Math.min(TOLERANCE, distance * TOLERANCE);
  const steps = Math.min(Math.PI / Math.acos(1 - tolerance / distance), distance * Math.PI);
  const sine = Math.sin(2 * Math.PI / steps);
  const cosine = Math.cos(2 * Math.PI / steps);
  const normals = polygon.map(([x, y], index) => {
    const [nextX, nextY] = polygon[(index + 1) % polygon.length];
    // Multiplied by the inverse, as Clipper does: where a half is rounded, the last bit counts.
    const inverse = 1 / Math.sqrt((nextX - x) ** 2 + (nextY - y) ** 2);
    return [(nextY - y) * inverse, (x - nextX) * inverse];
  });
  const grown = [];
  polygon.forEach(([x, y], index) => {
    const before = normals.at(index - 1);
    const after = normals[index];
    const turn = before[0] * after[1] - after[0] * before[1];
    const same = before[0] * after[0] + before[1] * after[1];
    const add = ([normalX, normalY]) => grown.push(
      [round(x + normalX * distance), round(y + normalY * distance)]);
    const arcs = Math.max(round(steps / (2 * Math.PI) * Math.abs(Math.atan2(turn, same))), 1);
    let normal = before;
    for (let arc = 0; arc < arcs; arc += 1) {
      add(normal);
      normal = [normal[0] * cosine - sine * normal[1], normal[0] * sine + normal[1] * cosine];
    }
    add(after);
  });
  return grown;
}
