// Reads every picture of a folder: node read_folder.mjs SITE PICTURES
//
// SITE is what `sigfix bundle` wrote: the models, and sigfix-ocr beside them. The text of each
// picture is written to standard output below its name.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';

const DECODERS = {
  '.png': (bytes) => PNG.sync.read(bytes),
  '.jpg': (bytes) => jpeg.decode(bytes, { useTArray: true }),
  '.jpeg': (bytes) => jpeg.decode(bytes, { useTArray: true }),
};

/** A model of a folder, for TensorFlow.js. */
const model = (path) => ({
  load: async () => {
    const { weightsManifest, ...document } = JSON.parse(readFileSync(path, 'utf8'));
    const files = weightsManifest.flatMap(({ paths }) => paths);
    const shards = files.map((name) => readFileSync(join(dirname(path), name)));
    return {
      ...document,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: new Uint8Array(Buffer.concat(shards)).buffer,
    };
  },
});

async function main(site, pictures) {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(join(dirname(wasm), 'dist', '/'));
  if (!await tf.setBackend('wasm')) throw new Error('The wasm backend did not start.');
  const { models } = JSON.parse(readFileSync(join(site, 'bundle.json'), 'utf8'));
  const { loadOcr } = await import(pathToFileURL(resolve(site, 'ocr', 'index.js')).href);
  const ocr = await loadOcr({
    tf,
    detection: model(join(site, models.detection.path)),
    recognition: model(join(site, models.recognition.path)),
  });
  for (const name of readdirSync(pictures).sort()) {
    const decode = DECODERS[extname(name).toLowerCase()];
    if (!decode) continue;
    const { data, width, height } = decode(readFileSync(join(pictures, name)));
    const page = await ocr.read({ data: new Uint8Array(data), width, height });
    console.log(`${name}\n${page.toText()}\n`);
  }
  ocr.dispose();
}

const [site, pictures] = process.argv.slice(2);
if (!pictures) throw new Error('node read_folder.mjs SITE PICTURES');
await main(site, pictures);
