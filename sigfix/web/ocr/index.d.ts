/** x and y, in parts of the page from 0 to 1. */
export type Point = [number, number];

/** The top left and the bottom right corner, or four corners clockwise from the top left one. */
export type Geometry = [Point, Point] | [Point, Point, Point, Point];

/** A direction in degrees, counterclockwise. */
export interface Direction {
  value: number | null;
  confidence: number | null;
}

export interface Word {
  /** '' where there is no recogniser. */
  value: string;
  /** null where there is no recogniser. */
  confidence: number | null;
  geometry: Geometry;
  /** null, in lines and blocks as well, where there is no detector. */
  objectness_score: number | null;
  crop_orientation: Direction;
}

export interface Line {
  geometry: Geometry;
  objectness_score: number | null;
  words: Word[];
}

export interface Block {
  geometry: Geometry;
  objectness_score: number | null;
  lines: Line[];
  artefacts: [];
}

/** A page as docTR's `Document.export(reading_order=False)` has it. */
export interface Page {
  page_idx: number;
  /** Height and width in pixels. */
  dimensions: [number, number];
  orientation: Direction;
  language: { value: string | null; confidence: number | null };
  blocks: Block[];
  layout: [];
  tables: [];
}

export class OcrDocument {
  constructor(pages: Page[], times?: Record<string, number>[]);
  pages: Page[];
  /** Milliseconds of each stage, by page. */
  times: Record<string, number>[];
  /** A line a line, an empty one between blocks, three between pages. */
  toText(): string;
  toJSON(): { pages: Page[] };
}

export function textOf(pages: Page[]): string;

/** Bytes of red, green and blue, with or without alpha, row by row; ImageData is one. */
export interface Pixels {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

export type ImageSource =
  | Pixels | ImageData | ImageBitmap | Blob | HTMLImageElement | HTMLCanvasElement
  | OffscreenCanvas | HTMLVideoElement | VideoFrame;

/** The address of a model.json, or an IO handler of TensorFlow.js. */
export type ModelSource = string | URL | { load(): Promise<object> };

export interface BackendOptions {
  /** TensorFlow.js, as `import * as tf from '@tensorflow/tfjs'` gives it. */
  tf?: object;
  /** In its place the scripts of its packages, e.g. tf.min.js and tf-backend-wasm.min.js. */
  scripts?: string[];
  /** The folder of the wasm backend's .wasm files, with a slash at the end. */
  wasmPaths?: string;
  /** wasm where nothing is said. */
  backend?: 'wasm' | 'webgl' | 'webgpu' | 'cpu';
  /**
   * Several threads on the wasm backend: half as many as there are processors, four at most. Where
   * the page is not cross-origin isolated, or its Content-Security-Policy forbids workers from
   * blobs, there is one.
   */
  threads?: boolean;
}

/** At least one model is needed. */
export interface OcrOptions extends BackendOptions {
  /** Without it, an image is one word. */
  detection?: ModelSource;
  /** Without it, words have no text. */
  recognition?: ModelSource;
  /**
   * A classifier of crops: with it, words at all angles are found and turned upright. And one of
   * pages, which needs a detector: with it, pages are turned until their lines are level before
   * they are read; geometries stay those of the page as it was given, and its `orientation` says
   * by how many degrees it was turned.
   */
  orientation?: ModelSource | { crop?: ModelSource; page?: ModelSource };
  /** Whether boxes are straight; they are where there is no classifier. */
  straight?: boolean;
  /** Whether lines are put together to blocks, as docTR's `resolve_blocks` does. */
  blocks?: boolean;
  /** Read in a worker: one of this module's own (needs `scripts`), or one that calls `serve`. */
  worker?: boolean | Worker;
}

export interface Progress {
  page: number;
  stage: 'detection' | 'orientation' | 'recognition';
  done: number;
  total: number;
}

export interface ReadOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface Ocr {
  read(images: ImageSource | ImageSource[], options?: ReadOptions): Promise<OcrDocument>;
  dispose(): void;
}

/** Load models that sigfix converted; throws an OcrError that says what is wrong with one. */
export function loadOcr(options: OcrOptions): Promise<Ocr>;

export interface Box {
  /** [left, top, right, bottom], or four corners, in parts of the page. */
  box: [number, number, number, number] | Point[];
  score: number;
}

export interface Detector {
  detect(
    image: ImageSource, options?: { straight?: boolean; signal?: AbortSignal },
  ): Promise<Box[]>;
  dispose(): void;
}

export interface Recogniser {
  read(
    crops: ImageSource[],
    options?: { signal?: AbortSignal; onBatch?: (done: number, total: number) => void },
  ): Promise<{ value: string; confidence: number }[]>;
  dispose(): void;
}

export interface Classifier {
  /** `value` is in degrees. */
  classify(
    images: ImageSource[], options?: { signal?: AbortSignal },
  ): Promise<{ index: number; value: number; confidence: number }[]>;
  dispose(): void;
}

export function loadDetector(source: ModelSource, options?: BackendOptions): Promise<Detector>;
export function loadRecogniser(source: ModelSource, options?: BackendOptions): Promise<Recogniser>;
export function loadClassifier(source: ModelSource, options?: BackendOptions): Promise<Classifier>;

/** What sigfix writes into a model; card.schema.json describes it. */
export interface Card {
  version: number;
  preset: string;
  task: 'recognition' | 'detection' | 'orientation';
  input: string;
  output: string;
  layout: 'nhwc' | 'nchw';
  mean: [number, number, number];
  std: [number, number, number];
  vocabulary: string;
  decoder: 'ctc' | 'attention' | 'boxes' | 'argmax';
  weights: string;
  boxes: null | {
    binarise_at: number;
    unclip: number;
    least_score: number;
    opening: number;
    least_side: number;
  };
  classes: number[] | null;
  padding: 'symmetric' | 'end';
  extra_classes: string[] | null;
  class_names?: string[] | null;
  confidence: 'minimum' | 'mean' | null;
  /** What a classifier is of. */
  images?: 'crops' | 'pages' | null;
}

export const CARD_VERSION: number;

/** Why a card cannot be used, as a clause; '' where it can. */
export function whyUnusable(card: unknown): string;

/** An error that says what to do next. */
export class OcrError extends Error {}
