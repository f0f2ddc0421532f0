// The models by themselves: words in a page, texts in words, directions of images.

import { findBoxes, withoutPadding } from './boxes.js';
import { decode, decodeClasses } from './decode.js';
import { openModel } from './models.js';
import { mergeWide, splitWide } from './wide.js';

const CROPS = 16; // in a batch
const PAGES = 1;

/** A map of a batch, with probabilities where the model gives logits. */
function channel(data, [, height, width, maps], map, logits) {
  const out = new Float32Array(height * width);
  for (let at = 0; at < out.length; at += 1) {
    const value = data[at * maps + map];
    out[at] = logits ? 1 / (1 + Math.exp(-value)) : value;
  }
  return out;
}

/** Where a map says that there is text. */
function textIn(map, threshold) {
  const least = Math.fround(threshold);
  const text = new Uint8Array(map.length);
  for (let at = 0; at < text.length; at += 1) text[at] = map[at] > least ? 1 : 0;
  return text;
}

/** Finds words. */
export class Detector {
  constructor(model) {
    this.model = model;
  }

  /**
   * The boxes of the words of a page, of each class of text in turn.
   * @param {import('./resize.js').Picture} page
   * @param {{straight?: boolean, signal?: AbortSignal}} [options]
   * @returns {Promise<(import('./boxes.js').StraightBox | import('./boxes.js').RotatedBox)[]>}
   */
  async detect(page, options = {}) {
    return (await this.look(page, options)).boxes;
  }

  /**
   * The boxes, and the bitmap of text that pages are straightened by.
   * @param {import('./resize.js').Picture} page
   * @param {{straight?: boolean, signal?: AbortSignal}} [options]
   */
  async look(page, { straight = true, signal } = {}) {
    const { card } = this.model;
    const [found] = await this.model.run([page], { signal, batchSize: PAGES }, (data, shape) => {
      const [, height, width, count] = shape;
      const maps = Array.from({ length: count }, (_, map) => channel(
        data, shape, map, card.output === 'logits'));
      return [{
        boxes: maps.flatMap((map) => findBoxes(map, width, height, card.boxes, straight)),
        text: textIn(maps[0], card.boxes.binarise_at),
        width,
        height,
      }];
    });
    return { ...found, boxes: withoutPadding(found.boxes, page, card.padding) };
  }

  dispose() {
    this.model.dispose();
  }
}

/** Reads words. */
export class Recogniser {
  constructor(model, batchSize = CROPS) {
    this.model = model;
    this.batchSize = batchSize;
  }

  /**
   * The texts of images of a word each.
   * @param {import('./resize.js').Picture[]} crops
   * @param {{signal?: AbortSignal, onBatch?: (done: number, total: number) => void}} [options]
   * @returns {Promise<import('./decode.js').Read[]>}
   */
  async read(crops, { signal, onBatch } = {}) {
    const split = splitWide(crops);
    const words = await this.model.run(split.pieces, {
      signal,
      batchSize: this.batchSize,
      onBatch: (done) => onBatch?.(done, split.pieces.length),
    }, (data, shape) => decode(data, shape, this.model.card));
    return mergeWide(words, split);
  }

  dispose() {
    this.model.dispose();
  }
}

/** Says how images are turned. */
export class Classifier {
  constructor(model, batchSize = CROPS) {
    this.model = model;
    this.batchSize = batchSize;
  }

  /**
   * For each image its class, what it stands for in degrees, and how sure that is.
   * @param {import('./resize.js').Picture[]} pictures
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<{index: number, value: number, confidence: number}[]>}
   */
  async classify(pictures, { signal } = {}) {
    const { classes } = this.model.card;
    const found = await this.model.run(pictures, { signal, batchSize: this.batchSize },
      (data, shape) => decodeClasses(data, shape[1]));
    return found.map(({ index, confidence }) => ({ index, value: classes[index], confidence }));
  }

  dispose() {
    this.model.dispose();
  }
}

/** The class of each task. */
const STAGES = { detection: Detector, recognition: Recogniser, orientation: Classifier };

/**
 * Backends that make a program for each kernel when a model first runs, which takes seconds.
 *
 * On wasm a detector's first page takes 0.3 s longer than the next one, and a run before it 1.5 s.
 */
const COMPILING = new Set(['webgl', 'webgpu']);

/**
 * A model of a task, with its kernels made where the backend makes some.
 * @param {any} tf
 * @param {import('./index.d.ts').ModelSource} source
 * @param {'recognition' | 'detection' | 'orientation'} task
 * @param {'crops' | 'pages'} [images] what a classifier is for
 */
export async function openStage(tf, source, task, images) {
  const model = await openModel(tf, source, task, images);
  try {
    if (COMPILING.has(tf.getBackend())) await model.warmUp();
  } catch (error) {
    model.dispose();
    throw error;
  }
  return new STAGES[task](model);
}
