// Reads pages: node read.mjs PACKAGES SOURCES REQUEST.json. The result is printed as JSON.
//
// The request has `runs`: {options, images, times, abortAfter}. An option that names a model is the path
// of its folder; an image is {file, width, height}. Each run says the pages of its last read, how
// many tensors a read left behind, and how many everything together did.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from '../web_kernels/tensorflow.mjs';

const [packages, sources, requestFile] = process.argv.slice(2);
const tf = await start(packages, 'wasm');
const module = (name) => import(pathToFileURL(join(sources, name)).href);
const { loadOcr } = await module('index.js');

const model = (folder) => ({ load: async () => {
  const document = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const shards = document.weightsManifest.flatMap(({ paths }) => paths)
    .map((path) => readFileSync(join(folder, path)));
  const bytes = Buffer.concat(shards);
  return { ...document,
    weightSpecs: document.weightsManifest.flatMap(({ weights }) => weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
} });
const image = ({ file, width, height }) => ({ data: new Uint8Array(readFileSync(file)), width, height });

async function run({ options, images, times = 1, abortAfter }) {
  const given = { ...options, tf };
  for (const key of ['detection', 'recognition', 'orientation']) {
    if (typeof given[key] === 'string') given[key] = model(given[key]);
  }
  if (given.orientation && !given.orientation.load) {
    given.orientation = Object.fromEntries(Object.entries(given.orientation)
      .map(([kind, path]) => [kind, model(path)]));
  }
  const before = tf.memory().numTensors;
  const ocr = await loadOcr(given);
  const loaded = tf.memory().numTensors;
  const progress = [];
  let result;
  let aborted = null;
  for (let time = 0; time < times; time += 1) {
    const controller = new AbortController();
    try {
      result = await ocr.read(images.map(image), {
        signal: controller.signal,
        onProgress: (step) => {
          progress.push(step);
          if (progress.length === abortAfter) controller.abort();
        },
      });
    } catch (error) {
      aborted = error.name;
    }
  }
  const left = tf.memory().numTensors - loaded;
  ocr.dispose();
  return { pages: result?.toJSON().pages, text: result?.toText(), times: result?.times, aborted,
    progress: progress.slice(0, 50), left, leftAtAll: tf.memory().numTensors - before };
}

const results = [];
for (const each of JSON.parse(readFileSync(requestFile, 'utf8')).runs) {
  try {
    results.push(await run(each));
  } catch (error) {
    results.push({ error: error.message, name: error.name, tensors: tf.memory().numTensors });
  }
}
console.info(JSON.stringify(results));
