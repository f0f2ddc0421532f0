// A page from pixels to lines: words found, cut out, turned upright, read and put in order.
//
// Each model may be missing: without a detector the whole image is one word, and without a
// recogniser words have no text.

import { horizontalCrop, rotatedCrop, straightCrop } from './crops.js';
import { buildPage } from './document.js';
import { turn } from './picture.js';
import { pageBefore, pageDirection, straightened } from './upright.js';

const LEVEL = { value: 0, confidence: 1 };
const WHOLE = { box: [0, 0, 1, 1], score: null };

/**
 * The words of a page as images, without those that are empty.
 * @returns {{box: import('./lines.js').Box, score: number, crop: import('./resize.js').Picture}[]}
 */
function cutOut(page, boxes, crop) {
  return boxes.map(({ box, score }) => ({ box, score, crop: crop(page, box) }))
    .filter((word) => word.crop.width > 0 && word.crop.height > 0);
}

/** A word turned upright: its crop, and its corners from the top left one of the text on. */
function upright(word, { index, value, confidence }) {
  const [left, top, right, bottom] = word.box;
  const box = Array.isArray(left) ? word.box
    : [[left, top], [right, top], [right, bottom], [left, bottom]];
  return {
    ...word,
    crop: turn(word.crop, (4 - index) % 4),
    box: box.map((_, corner) => box[(corner - index + 4) % 4]),
    orientation: { value, confidence },
  };
}

/** Reads pages in this thread. */
export class Pipeline {
  /**
   * @param {{detector?: import('./stages.js').Detector,
   *   recogniser?: import('./stages.js').Recogniser,
   *   classifier?: import('./stages.js').Classifier,
   *   pages?: import('./stages.js').Classifier}} stages with a classifier, words at all angles are
   *   turned upright; `pages` is one of whole pages, which are straightened then
   * @param {{straight: boolean, blocks: boolean}} settings
   */
  constructor(stages, settings) {
    this.stages = stages;
    this.settings = settings;
  }

  /** Boxes as images: as docTR cuts them where text is straight, at all angles, or nearly level. */
  #crop() {
    if (this.settings.straight) return straightCrop;
    return this.stages.classifier || this.stages.pages ? rotatedCrop : horizontalCrop;
  }

  /** Boxes of words, with the image of each; on a page that was turned upright, where that is asked. */
  async #find(picture, signal) {
    const { detector, pages } = this.stages;
    if (!detector) return { words: [{ ...WHOLE, crop: picture }] };
    const { straight } = this.settings;
    let { boxes, text, width, height } = await detector.look(picture, { straight, signal });
    if (!pages) return { words: cutOut(picture, boxes, this.#crop()) };
    const [{ value }] = await pages.classify([picture], { signal });
    const degrees = pageDirection(text, width, height, value);
    const turned = degrees ? straightened(picture, degrees) : { picture };
    if (degrees) boxes = await detector.detect(turned.picture, { straight, signal });
    return { words: cutOut(turned.picture, boxes, this.#crop()), degrees, turned };
  }

  /**
   * One page, with the milliseconds that each stage took.
   * @param {import('./resize.js').Picture} picture
   * @param {number} index of the page
   * @param {{signal?: AbortSignal, onProgress?: (progress: object) => void}} options
   */
  async readPage(picture, index, { signal, onProgress }) {
    const { detector, recogniser, classifier } = this.stages;
    const { straight, blocks } = this.settings;
    const times = {};
    let began = performance.now();
    const finish = (stage) => {
      const now = performance.now();
      times[stage] = now - began;
      began = now;
    };
    const say = (stage, done, total) => onProgress?.({ page: index, stage, done, total });
    if (detector) say('detection', 0, 1);
    let { words, degrees, turned = { picture } } = await this.#find(picture, signal);
    if (detector) finish('detection');
    // Nothing turned a word here, which docTR calls sure.
    if (!straight) words = words.map((word) => ({ ...word, orientation: LEVEL }));
    if (classifier && !straight) {
      say('orientation', 0, words.length);
      const turns = await classifier.classify(words.map(({ crop }) => crop), { signal });
      words = words.map((word, place) => upright(word, turns[place]));
      if (!detector) finish('orientation');
    }
    if (detector) finish('crops');
    let texts = words.map(() => ({ value: '', confidence: null }));
    if (recogniser) {
      say('recognition', 0, words.length);
      texts = await recogniser.read(words.map(({ crop }) => crop), {
        signal, onBatch: (done, total) => say('recognition', done, total),
      });
      finish('recognition');
    }
    const found = words.map(({ box, score, orientation }, place) => (
      { ...texts[place], box, score, orientation }));
    const orientation = degrees === undefined ? undefined : { value: degrees, confidence: null };
    const page = buildPage(found, turned.picture, { index, blocks, orientation });
    finish('lines');
    return { page: turned.before ? pageBefore(page, turned.before, picture) : page, times };
  }

  dispose() {
    for (const stage of Object.values(this.stages)) stage?.dispose();
  }
}
