// The card that sigfix writes into a model: what it is, and how its input and output are meant.
//
// It lies in model.json under userDefinedMetadata.sigfix; card.schema.json says the same as this.

import { OcrError } from './errors.js';

/** The version that this module reads. */
export const CARD_VERSION = 2;

const LARGEST = 1e6;
const LEAST_DEVIATION = 1e-6;
const LONGEST_NAME = 1000;
const LONGEST_VOCABULARY = 100_000;
const MOST_CLASSES = 10_000;
const BOXES = ['binarise_at', 'unclip', 'least_score', 'opening', 'least_side'];

const isClean = (text) => typeof text === 'string' && !/[\p{Cc}\p{Cs}]/u.test(text);
const isName = (value) => isClean(value) && value.length > 0 && [...value].length <= LONGEST_NAME;
const isVocabulary = (value) => isClean(value) && [...value].length <= LONGEST_VOCABULARY;
const isNumber = (value) => typeof value === 'number' && Math.abs(value) <= LARGEST;
const isWhole = (value) => Number.isInteger(value) && isNumber(value);
const isList = (value, each) => Array.isArray(value) && value.length <= MOST_CLASSES
  && value.every(each);
const isTriple = (value) => isList(value, isNumber) && value.length === 3;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf = (...words) => (value) => words.includes(value);
const orNone = (fits) => (value) => value === null || value === undefined || fits(value);

/** What each value may be; those with `orNone` are needed by some tasks alone. */
const FORM = {
  preset: isName,
  task: oneOf('recognition', 'detection', 'orientation'),
  input: isName,
  output: isName,
  layout: oneOf('nhwc', 'nchw'),
  mean: isTriple,
  std: (value) => isTriple(value) && value.every((item) => item >= LEAST_DEVIATION),
  vocabulary: isVocabulary,
  decoder: oneOf('ctc', 'attention', 'boxes', 'argmax'),
  weights: isName,
  boxes: orNone((value) => isObject(value) && BOXES.every((key) => isNumber(value[key]))),
  classes: orNone((value) => isList(value, isWhole)),
  padding: orNone(oneOf('symmetric', 'end')),
  extra_classes: orNone((value) => isList(value, isName)),
  class_names: orNone((value) => isList(value, isName)),
  confidence: orNone(oneOf('minimum', 'mean')),
  images: orNone(oneOf('crops', 'pages')),
};

const NEEDED = {
  detection: ['padding', 'boxes'],
  recognition: ['padding', 'extra_classes', 'confidence'],
  orientation: ['padding', 'classes'],
};

/**
 * Why a card cannot be used, as a clause; '' where it can.
 * @param {unknown} card
 * @returns {string}
 */
export function whyUnusable(card) {
  if (!isObject(card)) return 'there is none';
  const { version = 1 } = card;
  if (isWhole(version) && version > CARD_VERSION) {
    return `its version is ${version}, and this sigfix-ocr reads ${CARD_VERSION}`;
  }
  if (version === 1) return 'its version is 1, which an older sigfix wrote';
  if (version !== CARD_VERSION) return `its version is not ${CARD_VERSION}`;
  for (const [key, fits] of Object.entries(FORM)) {
    if (!fits(card[key])) return `its ${key} is missing or wrong`;
  }
  const missing = NEEDED[card.task].find((key) => card[key] === null || card[key] === undefined);
  return missing ? `it has no ${missing}` : '';
}

/**
 * The card of a model that is for a task.
 * @param {unknown} card
 * @param {'recognition' | 'detection' | 'orientation'} task
 * @param {string} name of the model, for the error
 * @param {'crops' | 'pages'} [images] what a classifier is for; any where nothing is said, here or
 *   in the card
 * @returns {import('./index.d.ts').Card}
 */
export function checkedCard(card, task, name, images) {
  const reason = whyUnusable(card);
  if (reason) {
    const newer = isObject(card) && card.version > CARD_VERSION;
    throw new OcrError(`The card of ${name} cannot be used: ${reason}. ${newer
      ? 'Use the sigfix-ocr of the sigfix that converted it'
      : 'Convert the model with sigfix convert --tfjs --preset'}.`);
  }
  if (card.task !== task) {
    throw new OcrError(`${name} is for ${card.task}, and a model for ${task} is needed here.`);
  }
  if (images && (card.images ?? images) !== images) {
    throw new OcrError(`${name} is a classifier of ${card.images}, and one of ${images} is needed here.`);
  }
  if (card.layout !== 'nhwc') {
    throw new OcrError(`${name} has the layout ${card.layout}; TensorFlow.js runs nhwc.`);
  }
  return card;
}
