// Words too wide for a recogniser: cut into pieces that overlap, and the texts put together again.

import { roundHalfEven } from './numbers.js';
import { cut } from './picture.js';

const WIDEST = 8; // width over height
const PIECE = 6;
const OVERLAP = 0.5;

/**
 * The crops that a recogniser is given.
 * @param {import('./resize.js').Picture[]} crops
 * @returns {{pieces: import('./resize.js').Picture[], counts: number[], overlaps: number[]}} how
 *   many pieces each crop has, and by which part the last of them overlaps the one before
 */
export function splitWide(crops) {
  const pieces = [];
  const counts = [];
  const overlaps = [];
  for (const crop of crops) {
    const width = crop.height * PIECE;
    const wide = crop.width / crop.height > WIDEST;
    const starts = [0];
    if (wide) {
      const step = width - Math.floor(width * OVERLAP);
      while (starts.at(-1) + step + width <= crop.width) starts.push(starts.at(-1) + step);
      if (starts.at(-1) + width < crop.width) starts.push(crop.width - width);
    }
    for (const left of starts) {
      pieces.push(wide ? cut(crop, left, 0, left + width, crop.height) : crop);
    }
    counts.push(starts.length);
    overlaps.push(starts.length > 1 ? (starts.at(-2) + width - starts.at(-1)) / width : 0);
  }
  return { pieces, counts, overlaps };
}

/**
 * How many characters differ where `shared` of them lie over each other.
 * @param {string[]} left
 * @param {string[]} right
 * @param {number} shared
 */
function differences(left, right, shared) {
  let count = 0;
  for (let index = 0; index < shared; index += 1) {
    if (left[left.length - shared + index] !== right[index]) count += 1;
  }
  return count;
}

/**
 * Two texts as one; the end of the first is the beginning of the second, about `ratio` of it.
 *
 * The last character before the cut and the first behind it may be cut themselves, and are left
 * out of the comparison. Among places where all characters agree the nearest to the expected one
 * is taken; where there is none, what costs least: characters that differ, and the distance.
 * @param {string[]} first
 * @param {string[]} second
 * @param {number} ratio
 * @returns {string[]}
 */
function mergeTwo(first, second, ratio) {
  if (Math.min(first.length, second.length) <= 1) return [...first, ...second];
  const left = first.slice(0, -1);
  const right = second.slice(1);
  const most = Math.min(left.length, right.length);
  const costs = Array.from({ length: most }, (_, index) => differences(left, right, index + 1));
  const expected = roundHalfEven(second.length * ratio) - 3;
  const join = (index) => [...left, ...right.slice(index + 1)];
  const cheapest = (places, cost) => places.reduce(
    (best, place) => (cost(place) < cost(best) ? place : best));
  const agreeing = [...costs.keys()].filter((index) => costs[index] === 0);
  if (agreeing.length) return join(cheapest(agreeing, (index) => Math.abs(index - expected)));
  if (expected < -1) return [...first, ...second];
  if (expected < 0) return [...left, ...right];
  return join(cheapest([...costs.keys()], (index) => costs[index] + Math.abs(index - expected)));
}

/**
 * The words of the crops out of the words of their pieces; confidences are averaged.
 * @param {import('./decode.js').Read[]} words
 * @param {{counts: number[], overlaps: number[]}} split what `splitWide` said
 * @returns {import('./decode.js').Read[]}
 */
export function mergeWide(words, { counts, overlaps }) {
  let start = 0;
  return counts.map((count, crop) => {
    const parts = words.slice(start, start + count);
    start += count;
    if (count === 1) return parts[0];
    const texts = parts.map(({ value }) => [...value]);
    const text = texts.reduce((before, piece, index) => mergeTwo(
      before, piece, index === count - 1 ? overlaps[crop] : OVERLAP));
    const sum = parts.reduce((total, { confidence }) => total + confidence, 0);
    return { value: text.join(''), confidence: sum / count };
  });
}
