// The worker that reads with ONNX Runtime Web: sigfix-ocr around another way to run the models. It
// answers an OcrClient as `serve` of sigfix-ocr does.

import { Pipeline } from '../ocr/ocr.js';
import { preprocess } from '../ocr/preprocess.js';
import { toPicture } from '../ocr/source.js';
import { Detector, Recogniser } from '../ocr/stages.js';
import * as ort from './onnxruntime/ort.wasm.min.mjs';

/** An ONNX file where sigfix-ocr has a model of TensorFlow.js. */
class Model {
  constructor(session, card) {
    this.session = session;
    this.card = card;
    this.frame = card.frame;
  }

  async #execute(values, images) {
    const { height, width } = this.frame;
    const area = height * width;
    const planes = new Float32Array(values.length); // the ONNX file takes the channels first
    for (let image = 0; image < images; image += 1) {
      for (let at = 0; at < area; at += 1) {
        for (let channel = 0; channel < 3; channel += 1) {
          planes[(image * 3 + channel) * area + at] = values[(image * area + at) * 3 + channel];
        }
      }
    }
    const [input] = this.session.inputNames;
    const feeds = { [input]: new ort.Tensor('float32', planes, [images, 3, height, width]) };
    const { data, dims } = (await this.session.run(feeds))[this.card.output];
    return { data, shape: dims };
  }

  async run(pictures, { batchSize }, decode) {
    const found = [];
    for (let start = 0; start < pictures.length; start += batchSize) {
      const batch = pictures.slice(start, start + batchSize);
      const { data, shape } = await this.#execute(
        preprocess(batch, this.frame, this.card), batch.length);
      found.push(...decode(data, shape));
    }
    return found;
  }

  dispose() {
    this.session.release();
  }
}

async function load({ detection, recognition, wasmPaths, threads }) {
  ort.env.wasm.numThreads = threads ? 2 : 1;
  ort.env.wasm.wasmPaths = wasmPaths;
  const cards = await (await fetch(new URL('cards.json', import.meta.url))).json();
  const open = async (file, task) => new Model(await ort.InferenceSession.create(file, {
    executionProviders: ['wasm'], graphOptimizationLevel: 'all',
  }), cards[task]);
  const detector = new Detector(await open(detection, 'detection'));
  const recogniser = new Recogniser(await open(recognition, 'recognition'));
  return new Pipeline({ detector, recogniser }, { straight: true, blocks: false });
}

let pipeline;
const actions = {
  load: async ({ options }) => {
    pipeline = await load(options);
  },
  read: async ({ images }) => {
    const { page, times } = await pipeline.readPage(await toPicture(images[0]), 0, {});
    return { pages: [page], times: [times] };
  },
};
globalThis.onmessage = async ({ data: { id, action, ...rest } }) => {
  try {
    postMessage({ id, value: await actions[action](rest) });
  } catch (error) {
    postMessage({ id, error: { name: error.name, message: error.message } });
  }
};
