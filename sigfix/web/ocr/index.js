// sigfix-ocr: docTR in the browser and in Node.js, on models that `sigfix convert --tfjs` made.
//
//   import * as tf from '@tensorflow/tfjs';
//   import { loadOcr } from 'sigfix-ocr';
//   const ocr = await loadOcr({ tf, detection: 'det/model.json', recognition: 'reco/model.json' });
//   const page = await ocr.read(document.querySelector('img'));
//   console.log(page.toText());

import { startTensorFlow } from './backend.js';
import { OcrClient } from './client.js';
import { OcrDocument } from './document.js';
import { checkAborted, OcrError } from './errors.js';
import { Pipeline } from './ocr.js';
import { toPicture } from './source.js';
import { openStage } from './stages.js';

export { CARD_VERSION, whyUnusable } from './card.js';
export { OcrDocument, textOf } from './document.js';
export { OcrError } from './errors.js';

/** Reads pages in this thread. */
class Ocr {
  constructor(pipeline) {
    this.pipeline = pipeline;
  }

  /** @type {import('./index.d.ts').Ocr['read']} */
  async read(images, options = {}) {
    const pages = [];
    const times = [];
    for (const [index, image] of (Array.isArray(images) ? images : [images]).entries()) {
      checkAborted(options.signal);
      const picture = await toPicture(image);
      const read = await this.pipeline.readPage(picture, index, options);
      pages.push(read.page);
      times.push(read.times);
    }
    return new OcrDocument(pages, times);
  }

  dispose() {
    this.pipeline.dispose();
  }
}

/** Open models by task; those that are open are closed again where one fails. */
async function openAll(tf, sources) {
  const opened = {};
  try {
    for (const [name, [source, task, images]] of Object.entries(sources)) {
      if (source) opened[name] = await openStage(tf, source, task, images);
    }
    return opened;
  } catch (error) {
    for (const stage of Object.values(opened)) stage.dispose();
    throw error;
  }
}

/** The classifiers of crops and of pages; one that is given alone is of crops. */
function classifiersOf(orientation) {
  return orientation?.page || orientation?.crop ? orientation : { crop: orientation };
}

/** @type {import('./index.d.ts').loadOcr} */
export async function loadOcr(options) {
  const { detection, recognition, worker } = options;
  const orientation = classifiersOf(options.orientation);
  if (!detection && !recognition && !orientation.crop) {
    throw new OcrError('There is no model: give a detector as `detection`, a recogniser as '
      + '`recognition`, or both.');
  }
  if (orientation.page && !detection) {
    throw new OcrError('`orientation.page` straightens pages, which needs a detector: give one as '
      + '`detection`.');
  }
  if (worker) return OcrClient.start(options);
  const tf = await startTensorFlow(options);
  const stages = await openAll(tf, {
    detector: [detection, 'detection'],
    recogniser: [recognition, 'recognition'],
    classifier: [orientation.crop, 'orientation', detection && 'crops'],
    pages: [orientation.page, 'orientation', 'pages'],
  });
  const { straight = !orientation.crop, blocks = false } = options;
  return new Ocr(new Pipeline(stages, { straight, blocks }));
}

/** A model of one task whose images may be of any kind. */
async function loadStage(source, options, task, method) {
  const stage = await openStage(await startTensorFlow(options), source, task);
  const plain = stage[method].bind(stage);
  stage[method] = async (images, rest) => plain(
    Array.isArray(images) ? await Promise.all(images.map(toPicture)) : await toPicture(images), rest);
  return stage;
}

/** @type {import('./index.d.ts').loadDetector} */
export async function loadDetector(source, options = {}) {
  return loadStage(source, options, 'detection', 'detect');
}

/** @type {import('./index.d.ts').loadRecogniser} */
export async function loadRecogniser(source, options = {}) {
  return loadStage(source, options, 'recognition', 'read');
}

/** @type {import('./index.d.ts').loadClassifier} */
export async function loadClassifier(source, options = {}) {
  return loadStage(source, options, 'orientation', 'classify');
}
