// One picture by several readers in turns, each in a worker of its own: what each reads, and how
// long it takes, from its load to its first result and then a page.

import { OcrClient } from '../ocr/client.js';
import { loadOcr } from '../ocr/index.js';
import { ocrOptions, readBundle } from '../page/settings.js';

const base = new URL('../', import.meta.url);
const here = (name) => new URL(name, import.meta.url).href;
const { rounds } = await (await fetch('request.json')).json();

/** The bundle's own reader. TensorFlow.js starts half as many threads as there are processors. */
async function ours(threads) {
  const options = ocrOptions(await readBundle(base), base, 'wasm');
  const scripts = threads > 1 ? [here('processors.js'), ...options.scripts] : options.scripts;
  return document(await loadOcr({ ...options, scripts, threads: threads > 1 }));
}

/** The ONNX files in ONNX Runtime Web, with everything else of sigfix-ocr. */
async function theirs(threads) {
  return document(await OcrClient.start({
    worker: new Worker(here('runtime.js'), { type: 'module' }),
    detection: here('detection.onnx'),
    recognition: here('recognition.onnx'),
    wasmPaths: here('onnxruntime/'),
    threads: threads > 1,
  }));
}

const document = (ocr) => async (picture) => (await ocr.read(picture)).toText();

async function tesseract() {
  const worker = await Tesseract.createWorker('eng', 1, {
    workerPath: here('tesseract/worker.min.js'),
    corePath: here('tesseract/core'),
    langPath: here('tesseract'),
    workerBlobURL: false,
    cacheMethod: 'none',
  });
  return async (picture) => (await worker.recognize(picture)).data.text;
}

/** Each reader, and how it is started. */
const READERS = {
  'sigfix-ocr, 1 thread': () => ours(1),
  'ONNX Runtime Web, 1 thread': () => theirs(1),
  'sigfix-ocr, 2 threads': () => ours(2),
  'ONNX Runtime Web, 2 threads': () => theirs(2),
  'tesseract.js': tesseract,
};

async function run() {
  if (!crossOriginIsolated) throw new Error('the page is not isolated: there are no threads');
  const picture = await (await fetch('page.png')).blob();
  const found = {};
  for (const [name, start] of Object.entries(READERS)) {
    const began = performance.now();
    const read = await start();
    const text = await read(picture);
    found[name] = { read, text, first: performance.now() - began, times: [] };
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const reader of Object.values(found)) {
      const began = performance.now();
      await reader.read(picture);
      reader.times.push(performance.now() - began);
    }
  }
  return Object.fromEntries(Object.entries(found)
    .map(([name, { text, first, times }]) => [name, { text, first, times }]));
}

const result = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch('result', { method: 'POST', body: JSON.stringify(result) });
