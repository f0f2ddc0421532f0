// Calls functions of sigfix-ocr: node run.mjs FOLDER, which holds request.json and raw arrays.
//
// The request is [{module, name, args}]. An argument {"$": file, dtype, shape} stands for an array
// in a raw file, and {"picture": {...}} for an image of that array's height and width. Typed arrays
// of a result are written the same way; result.json has a value or {"error": ...} a call.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, sources] = process.argv.slice(2);
const VIEWS = {
  float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array,
};
let written = 0;

function readArray({ $: file, dtype }) {
  const bytes = readFileSync(join(folder, file));
  return new VIEWS[dtype](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== 'object') return value;
  if (value.$) return readArray(value);
  if (value.picture) {
    const [height, width] = value.picture.shape;
    return { data: readArray(value.picture), width, height };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, given(item)]));
}

function answered(value) {
  if (ArrayBuffer.isView(value)) {
    const [dtype] = Object.entries(VIEWS).find(([, view]) => value instanceof view);
    const file = `out_${written += 1}.bin`;
    writeFileSync(join(folder, file), new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return { $: file, dtype };
  }
  if (Array.isArray(value)) return value.map(answered);
  if (value === null || typeof value !== 'object') return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, answered(item)]));
}

const results = [];
for (const { module, name, args } of JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'))) {
  const loaded = await import(pathToFileURL(join(sources, module)).href);
  try {
    results.push(answered(await loaded[name](...args.map(given))));
  } catch (error) {
    results.push({ error: String(error?.stack ?? error) });
  }
}
writeFileSync(join(folder, 'result.json'), JSON.stringify(results));
