// Uses everything that sigfix-ocr declares; what must not compile is marked.

import {
  CARD_VERSION, OcrDocument, OcrError, loadClassifier, loadDetector, loadOcr, loadRecogniser, textOf,
  whyUnusable,
  type BackendOptions, type Block, type Box, type Card, type Classifier, type Detector, type Direction,
  type Geometry, type ImageSource, type Line, type ModelSource, type Ocr, type OcrOptions, type Page,
  type Pixels, type Point, type Progress, type ReadOptions, type Recogniser, type Word,
} from 'sigfix-ocr';
import { serve } from 'sigfix-ocr/serve';

declare const tf: object;
declare const sources: {
  image: HTMLImageElement; canvas: HTMLCanvasElement; off: OffscreenCanvas; bitmap: ImageBitmap;
  video: HTMLVideoElement; frame: VideoFrame; data: ImageData; blob: Blob;
};

const backend: BackendOptions = {
  tf, scripts: ['tf.min.js'], wasmPaths: '/tfjs/', backend: 'webgpu', threads: true,
};
const handler: ModelSource = { load: async () => ({}) };
const options: OcrOptions = {
  ...backend,
  detection: 'det/model.json',
  recognition: new URL('https://example.org/model.json'),
  orientation: { crop: handler, page: 'page/model.json' },
  straight: false,
  blocks: true,
  worker: new Worker('reader.js', { type: 'module' }),
};
const plain: OcrOptions = { detection: handler, orientation: 'crops/model.json', worker: true };
const ocr: Ocr = await loadOcr(options);
const pixels: Pixels = { data: new Uint8Array(12), width: 2, height: 2 };
const images: ImageSource[] = [...Object.values(sources), pixels];
const stages: Progress['stage'][] = ['detection', 'orientation', 'recognition'];
const reading: ReadOptions = {
  signal: AbortSignal.timeout(1000),
  onProgress: ({ page, stage, done, total }: Progress) => stages.includes(stage) && page + done / total,
};
const read: OcrDocument = await ocr.read(images, reading);
await ocr.read(sources.image);
const pages: Page[] = read.toJSON().pages;
const blocks: Block[] = pages.flatMap((page) => page.blocks);
const lines: Line[] = blocks.flatMap((block) => block.lines);
const words: Word[] = lines.flatMap((line) => line.words);
export const said: string = textOf(pages) + read.toText() + words.map(({ value }) => value).join(' ');
export const sure: (number | null)[] = words.map(({ confidence }) => confidence);
export const found: (number | null)[] = [...blocks, ...lines, ...words].map((part) => part.objectness_score);
const directions: Direction[] = [...pages.map((page) => page.orientation), ...words.map((word) => word.crop_orientation)];
const corners = (geometry: Geometry): Point[] => geometry;
export const right: number = Math.max(...words.flatMap((word) => corners(word.geometry).map(([x]) => x)));
const [height, width]: [number, number] = pages[0]!.dimensions;
export const times: number[] = read.times.flatMap((each) => Object.values(each));
export const whole = new OcrDocument(pages, read.times);
export const both = [height * width, directions[0]?.value ?? 0, pages[0]!.page_idx, pages[0]!.language.value];
ocr.dispose();

const detector: Detector = await loadDetector(handler, backend);
const boxes: Box[] = await detector.detect(sources.blob, { straight: true, signal: AbortSignal.abort() });
const recogniser: Recogniser = await loadRecogniser('reco/model.json');
const texts: { value: string; confidence: number }[] = await recogniser.read([pixels], {
  onBatch: (done, total) => done / total,
});
const classifier: Classifier = await loadClassifier('cls/model.json');
const turns: { index: number; value: number; confidence: number }[] = await classifier.classify([sources.data]);
for (const stage of [detector, recogniser, classifier]) stage.dispose();
export const all = [boxes, texts, turns, plain];

const usable = (card: unknown): card is Card => whyUnusable(card) === '';
export const described = (card: unknown): string => {
  if (!usable(card)) throw new OcrError(`not version ${CARD_VERSION}`);
  const { preset, task, input, output, layout, mean, std, vocabulary, decoder, weights } = card;
  const more = [card.boxes?.unclip, card.classes?.[0], card.padding, card.extra_classes?.[0], card.class_names?.[0],
    card.confidence, card.images];
  return [preset, task, input, output, layout, mean[2], std[0], vocabulary, decoder, weights, ...more].join();
};
serve();
serve({ tf, port: new MessageChannel().port1 });

export async function wrong(): Promise<void> {
  // @ts-expect-error a name that is none
  await loadOcr({ detektion: 'a' });
  // @ts-expect-error options are needed
  await loadOcr();
  // @ts-expect-error no backend of TensorFlow.js here
  await loadOcr({ detection: 'a', backend: 'metal' });
  // @ts-expect-error a worker, not its address
  await loadOcr({ detection: 'a', worker: 'reader.js' });
  // @ts-expect-error one script is a list of one
  await loadOcr({ detection: 'a', scripts: 'tf.min.js' });
  // @ts-expect-error `crop`, not `crops`
  await loadOcr({ detection: 'a', orientation: { crops: 'b' } });
  // @ts-expect-error neither an address nor a handler
  await loadOcr({ detection: 42 });
  // @ts-expect-error a promise is no Ocr
  loadOcr({ detection: 'a' }).read(sources.image);
  // @ts-expect-error an address is no image
  await ocr.read('page.png');
  // @ts-expect-error bytes need their sizes
  await ocr.read({ data: new Uint8Array(12) });
  // @ts-expect-error numbers of another type are no bytes
  await ocr.read({ data: new Float32Array(12), width: 2, height: 2 });
  // @ts-expect-error the controller's signal
  await ocr.read(sources.image, { signal: new AbortController() });
  // @ts-expect-error no such stage
  await ocr.read(sources.image, { onProgress: ({ stage }) => stage === 'decoding' });
  // @ts-expect-error a word's text is its value
  words[0]!.text;
  // @ts-expect-error a confidence may be null
  words[0]!.confidence.toFixed();
  // @ts-expect-error height and width
  pages[0]!.dimensions[2];
  // @ts-expect-error a list of images
  await recogniser.read(sources.image);
  // @ts-expect-error a list of images
  await classifier.classify(sources.image);
  // @ts-expect-error a detector reads nothing
  await detector.read(sources.image);
  // @ts-expect-error pages are needed
  new OcrDocument();
  // @ts-expect-error a constant
  CARD_VERSION = 3;
  // @ts-expect-error no task of a model
  const task: Card['task'] = 'layout';
  // @ts-expect-error a port is no number
  serve({ port: 3 });
  // @ts-expect-error nothing else is there
  const { Pipeline } = await import('sigfix-ocr');
  void [task, Pipeline];
}
