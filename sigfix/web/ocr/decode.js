// From a recogniser's logits to words with docTR's confidences.

/** A word and how sure the model is of it, 0 to 1. @typedef {{value: string, confidence: number}} Read */

/**
 * The class with the largest logit at each step, and its probability.
 * @param {Float32Array} logits one image's, steps x classes
 * @param {number} classes
 * @returns {{best: number[], probabilities: number[]}}
 */
function bestPath(logits, classes) {
  const best = [];
  const probabilities = [];
  for (let start = 0; start + classes <= logits.length; start += classes) {
    let largest = 0;
    for (let index = 1; index < classes; index += 1) {
      if (logits[start + index] > logits[start + largest]) largest = index;
    }
    let sum = 0;
    for (let index = 0; index < classes; index += 1) {
      sum += Math.exp(logits[start + index] - logits[start + largest]);
    }
    best.push(largest);
    probabilities.push(1 / sum);
  }
  return { best, probabilities };
}

/** Repeats collapse, the class behind the vocabulary is a blank; the least sure step counts. */
function readCtc({ best, probabilities }, characters) {
  const kept = best.filter((label, step) => label !== best[step - 1] && label < characters.length);
  return {
    value: kept.map((label) => characters[label]).join(''),
    confidence: Math.min(...probabilities),
  };
}

/**
 * A word ends at the first end class. The other extra classes have names, which docTR leaves in
 * the text; the confidence is the least of all steps, or the mean of as many as the text is long.
 */
function readAttention({ best, probabilities }, characters, { extra_classes: names, confidence }) {
  const written = [...characters, ...names];
  const [value] = best.map((label) => written[label] ?? '').join('').split(names[0]);
  if (confidence === 'minimum') return { value, confidence: Math.min(...probabilities) };
  const counted = probabilities.slice(0, [...value].length);
  const sum = counted.reduce((total, one) => total + one, 0);
  return { value, confidence: counted.length ? sum / counted.length : 0 };
}

/**
 * The words of a batch.
 * @param {Float32Array} logits [images, steps, classes]
 * @param {number[]} shape
 * @param {{decoder: string, vocabulary: string, extra_classes: string[], confidence: string}} card
 * @returns {Read[]}
 */
export function decode(logits, [images, steps, classes], card) {
  const characters = [...card.vocabulary];
  const read = card.decoder === 'ctc' ? readCtc : readAttention;
  return Array.from({ length: images }, (_, image) => read(
    bestPath(logits.subarray(image * steps * classes, (image + 1) * steps * classes), classes),
    characters, card));
}

/**
 * The class of each image of a batch, with its probability.
 * @param {Float32Array} logits [images, classes]
 * @param {number} classes
 * @returns {{index: number, confidence: number}[]} docTR rounds confidences to two digits
 */
export function decodeClasses(logits, classes) {
  const { best, probabilities } = bestPath(logits, classes);
  return best.map((index, image) => ({
    index, confidence: Math.round(probabilities[image] * 100) / 100,
  }));
}
