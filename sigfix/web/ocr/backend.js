// TensorFlow.js, from a namespace or from its script files, with a backend that starts.

import { OcrError } from './errors.js';

const THREADS = 'WASM_HAS_MULTITHREAD_SUPPORT';

/** Run a script of TensorFlow.js, which puts its namespace under `tf`. */
async function runScript(address) {
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ String(address));
  } catch (error) {
    throw new OcrError(`${address}, a script of TensorFlow.js, cannot be loaded: `
      + `${error.message}. Copy the files of its npm packages again.`, { cause: error });
  }
}

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0); // WebAssembly, version 1

/** What to do where the wasm backend does not start, which it does not say itself. */
function hintOnWasm() {
  if (typeof WebAssembly !== 'object') return ' WebAssembly is not there: choose another backend.';
  try {
    new WebAssembly.Module(EMPTY);
  } catch {
    return ' WebAssembly is forbidden here: let script-src of the Content-Security-Policy have '
      + '\'wasm-unsafe-eval\'.';
  }
  return ' Copy its .wasm files again, all three, to where wasmPaths says.';
}

/** Longer than this a worker is not waited for, in milliseconds. */
const PATIENCE = 10000;

/**
 * Whether a worker may be started from a blob, as TensorFlow.js starts its threads.
 *
 * Where a Content-Security-Policy forbids that, TensorFlow.js waits for them for ever.
 */
function blobsMayWork() {
  return new Promise((resolve) => {
    const address = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }));
    let worker;
    const end = (may) => {
      worker?.terminate();
      URL.revokeObjectURL(address);
      resolve(may);
    };
    try {
      worker = new Worker(address);
    } catch {
      end(false);
      return;
    }
    worker.onmessage = () => end(true);
    worker.onerror = () => end(false);
    setTimeout(end, PATIENCE, false);
  });
}

/**
 * TensorFlow.js, ready on a backend.
 *
 * Scripts are those of the npm packages: dist/tf.min.js of @tensorflow/tfjs, and of a backend that
 * is not in it, as dist/tf-backend-wasm.min.js.
 * @param {{tf?: any, scripts?: string[], wasmPaths?: string, backend?: string,
 *   threads?: boolean}} options
 * @returns {Promise<any>}
 */
export async function startTensorFlow({
  tf, scripts = [], wasmPaths, backend = 'wasm', threads = false,
}) {
  for (const address of scripts) await runScript(address);
  const found = tf ?? globalThis.tf;
  if (!found?.loadGraphModel) {
    throw new OcrError('There is no TensorFlow.js: give it as `tf`, or its files as `scripts`.');
  }
  if (wasmPaths && backend === 'wasm') globalThis.tf?.wasm?.setWasmPaths(wasmPaths);
  // Where a page is isolated, TF.js takes its build for threads by itself: here if it is asked for.
  if (backend === 'wasm' && found.findBackendFactory?.(backend)) {
    found.env().set(THREADS, threads && await found.env().getAsync(THREADS) && await blobsMayWork());
  }
  const started = await found.setBackend(backend).catch((error) => error);
  if (started !== true) {
    const why = started instanceof Error ? ` (${started.message})` : '';
    const hint = backend === 'wasm' ? hintOnWasm() : '';
    throw new OcrError(`The backend ${backend} did not start${why}. There are: `
      + `${Object.keys(found.engine().registryFactory).join(', ') || 'none'}.${hint}`);
  }
  await found.ready();
  return found;
}
