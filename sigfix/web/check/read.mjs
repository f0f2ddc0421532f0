// Reads pictures with a bundle in Node.js: node read.mjs BUNDLE PACKAGES REQUEST RESULT.
//
// PACKAGES is the folder with node_modules that has TensorFlow.js. REQUEST is a list of {pixels,
// width, height}, with the path of raw bytes of red, green and blue; RESULT is written as check.js
// posts it.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [bundleFolder, packages, requestFile, resultFile] = process.argv.slice(2);

async function startTensorFlow() {
  const require = createRequire(join(packages, 'request.js'));
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  wasm.setWasmPaths(join(folder, 'dist', '/'));
  await tf.setBackend('wasm');
  return tf;
}

/** An IO handler for a model that lies in a folder. */
const handler = (path) => ({ load: async () => {
  const document = JSON.parse(readFileSync(path, 'utf8'));
  const shards = document.weightsManifest.flatMap(({ paths }) => paths)
    .map((name) => readFileSync(join(dirname(path), name)));
  return {
    ...document,
    weightSpecs: document.weightsManifest.flatMap(({ weights }) => weights),
    weightData: new Uint8Array(Buffer.concat(shards)).buffer,
  };
} });

async function read() {
  const bundle = JSON.parse(readFileSync(join(bundleFolder, 'bundle.json'), 'utf8'));
  const { loadOcr } = await import(pathToFileURL(join(bundleFolder, 'ocr', 'index.js')).href);
  const models = Object.fromEntries(Object.entries(bundle.models)
    .map(([task, { path }]) => [task, handler(join(bundleFolder, path))]));
  const began = performance.now();
  const { detection, recognition, orientation: crop, page_orientation: page } = models;
  const orientation = page ? { page, crop } : crop;
  const ocr = await loadOcr({ tf: await startTensorFlow(), detection, recognition, orientation });
  const loaded = performance.now();
  const found = await ocr.read(JSON.parse(readFileSync(requestFile, 'utf8')).map(
    ({ pixels, width, height }) => ({ data: new Uint8Array(readFileSync(pixels)), width, height })));
  const finished = performance.now();
  return { pages: found.pages, times: found.times, load: loaded - began, read: finished - loaded };
}

for (const level of ['log', 'warn', 'info']) console[level] = () => {};
const result = await read().catch((error) => ({ error: String(error?.message ?? error) }));
writeFileSync(resultFile, JSON.stringify(result));
