// What was read, in the form of docTR's `Document.export()`.

import { enclosing } from './enclosing.js';
import { blocksOf, linesOf } from './lines.js';
import { mean } from './numbers.js';

/**
 * A word that was found and read.
 * @typedef {{value: string, confidence: number | null, box: import('./lines.js').Box,
 *   score: number | null,
 *   orientation?: {value: number, confidence: number | null}}} FoundWord
 */

/** Two corners, or four. */
const geometry = (box) => (Array.isArray(box[0]) ? box
  : [[box[0], box[1]], [box[2], box[3]]]);

/** The mean of scores; null where no detector gave them. */
const scoreOf = (scores) => (scores.includes(null) ? null : mean(scores));

/**
 * One page.
 * @param {FoundWord[]} words
 * @param {{width: number, height: number}} size in pixels
 * @param {{index?: number, blocks?: boolean, orientation?: {value: number | null,
 *   confidence: number | null}}} [options] with `blocks`, lines are put together to blocks; docTR
 *   leaves them in one
 * @returns {import('./index.d.ts').Page}
 */
export function buildPage(words, size, { index = 0, blocks = false, orientation } = {}) {
  const boxes = words.map(({ box }) => box);
  const lines = linesOf(boxes, size);
  const grouped = blocks ? blocksOf(boxes, lines) : lines.length ? [lines] : [];
  const around = (some) => ({
    geometry: geometry(enclosing(some.map((word) => boxes[word]))),
    objectness_score: scoreOf(some.map((word) => words[word].score)),
  });
  return {
    page_idx: index,
    dimensions: [size.height, size.width],
    orientation: orientation ?? { value: null, confidence: null },
    language: { value: null, confidence: null },
    blocks: grouped.map((block) => ({
      ...around(block.flat()),
      lines: block.map((line) => ({ ...around(line), words: line.map((word) => ({
        value: words[word].value,
        confidence: words[word].confidence,
        geometry: geometry(boxes[word]),
        objectness_score: words[word].score,
        crop_orientation: words[word].orientation ?? { value: 0, confidence: null },
      })) })),
      artefacts: [],
    })),
    layout: [],
    tables: [],
  };
}

/**
 * The text: a line a line, an empty one between blocks, three between pages.
 * @param {import('./index.d.ts').Page[]} pages
 * @returns {string}
 */
export function textOf(pages) {
  const ofLine = (line) => line.words.map(({ value }) => value).join(' ');
  const ofBlock = (block) => block.lines.map(ofLine).join('\n');
  return pages.map((page) => page.blocks.map(ofBlock).join('\n\n')).join('\n\n\n\n');
}

/** Pages that were read. */
export class OcrDocument {
  /**
   * @param {import('./index.d.ts').Page[]} pages
   * @param {Record<string, number>[]} times of each page, milliseconds a stage
   */
  constructor(pages, times = []) {
    this.pages = pages;
    this.times = times;
  }

  /** @returns {string} as `textOf` */
  toText() {
    return textOf(this.pages);
  }

  /** What docTR's `Document.export()` gives, for `JSON.stringify`. */
  toJSON() {
    return { pages: this.pages };
  }
}
