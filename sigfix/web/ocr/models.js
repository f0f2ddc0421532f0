// A model that sigfix converted: loaded with its card, and run on batches of images.

import { loadModel, useFastKernels } from '../kernels/index.mjs';
import { checkedCard } from './card.js';
import { checkAborted, OcrError } from './errors.js';
import { preprocess } from './preprocess.js';

const WANTS_ASYNC = /executeAsync/; // TF.js says so, and nothing else tells such a model apart

/** fetch, where an answer that is no success fails: its text would be taken for weights. */
async function fetchWhole(address, init) {
  const answer = await fetch(address, init);
  if (!answer.ok) throw new Error(`the server answers ${answer.status} for ${address}`);
  return answer;
}

/** The IO handler of a model. */
function handlerOf(tf, source) {
  if (typeof source !== 'string' && !(source instanceof URL)) return source;
  const address = String(source);
  const options = { fetchFunc: fetchWhole };
  return tf.io.getLoadHandlers(address, options)[0] ?? tf.io.browserHTTPRequest(address, options);
}

/** Let messages in: an abort is one, and TF.js may leave no room for it. */
const pause = () => new Promise((resolve) => {
  setTimeout(resolve);
});

/** A model, its card and the size of its images. */
export class Model {
  constructor(tf, graph, card) {
    const [, height, width] = graph.inputs[0].shape;
    this.tf = tf;
    this.graph = graph;
    this.card = card;
    this.frame = { width, height };
    this.asynchronous = false;
  }

  /** @returns {Promise<{data: Float32Array, shape: number[]}>} the output for values of images */
  async #execute(values, images) {
    const { height, width } = this.frame;
    const input = this.tf.tensor4d(values, [images, height, width, 3]);
    let output;
    try {
      if (!this.asynchronous) {
        try {
          output = this.graph.execute({ [this.card.input]: input }, this.card.output);
        } catch (error) {
          if (!WANTS_ASYNC.test(error?.message ?? '')) throw error;
          this.asynchronous = true;
        }
      }
      output ??= await this.graph.executeAsync({ [this.card.input]: input }, this.card.output);
      return { data: await output.data(), shape: output.shape };
    } finally {
      input.dispose();
      output?.dispose();
    }
  }

  /**
   * The outputs for pictures, batch by batch.
   * @param {import('./resize.js').Picture[]} pictures
   * @param {{signal?: AbortSignal, batchSize: number, onBatch?: (done: number) => void}} options
   * @param {(data: Float32Array, shape: number[]) => any[]} decode one value a picture
   */
  async run(pictures, { signal, batchSize, onBatch }, decode) {
    const found = [];
    for (let start = 0; start < pictures.length; start += batchSize) {
      await pause();
      checkAborted(signal);
      const batch = pictures.slice(start, start + batchSize);
      const { data, shape } = await this.#execute(
        preprocess(batch, this.frame, this.card), batch.length);
      found.push(...decode(data, shape));
      onBatch?.(found.length);
    }
    checkAborted(signal);
    return found;
  }

  /** Run once, so that the first image does not wait for kernels to be made. */
  async warmUp() {
    await this.#execute(new Float32Array(this.frame.width * this.frame.height * 3), 1);
  }

  dispose() {
    this.graph.dispose();
  }
}

/**
 * Load a model for a task.
 * @param {any} tf TensorFlow.js
 * @param {import('./index.d.ts').ModelSource} source where its model.json lies, or an IO handler
 * @param {'recognition' | 'detection' | 'orientation'} task
 * @param {'crops' | 'pages'} [images] what a classifier is for
 * @returns {Promise<Model>}
 */
export async function openModel(tf, source, task, images) {
  const name = typeof source === 'string' || source instanceof URL ? String(source) : `the ${task} model`;
  const fast = await useFastKernels(tf);
  let artifacts;
  try {
    artifacts = await handlerOf(tf, source).load();
  } catch (error) {
    throw new OcrError(`${name} cannot be loaded: ${error.message.replace(/\.$/, '')}. Is the whole folder there, `
      + 'with all files that model.json names?', { cause: error });
  }
  const card = checkedCard(artifacts.userDefinedMetadata?.sigfix, task, name, images);
  const handler = { load: async () => artifacts };
  try {
    const graph = await (fast ? loadModel(handler) : tf.loadGraphModel(handler));
    return new Model(tf, graph, card);
  } catch (error) {
    throw new OcrError(`TensorFlow.js cannot load ${name}: ${error.message}. Copy the model's `
      + 'folder again; a file of it may be cut off.', { cause: error });
  }
}
