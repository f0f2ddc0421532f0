// Arithmetic that JavaScript lacks and that NumPy, PyTorch and OpenCV share.

/**
 * To the nearest whole number, halves to the even one, as Python, NumPy and PyTorch round.
 * @param {number} value
 * @returns {number}
 */
export function roundHalfEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
export function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/**
 * The middle of some numbers, the mean of the two middle ones where their count is even.
 * @param {ArrayLike<number>} values
 * @returns {number} NaN for none
 */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  if (!sorted.length) return NaN;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number} NaN for none
 */
export function mean(values) {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index];
  return sum / values.length;
}

/**
 * Positions in the order of their keys, equal ones as they stood.
 * @param {ArrayLike<number>} keys
 * @returns {number[]}
 */
export function argsort(keys) {
  return Array.from(keys, (_, index) => index).sort((one, other) => keys[one] - keys[other]);
}
