// Reading in a worker, seen from the page: the main thread only hands images over.

import { OcrDocument } from './document.js';
import { checkAborted, OcrError } from './errors.js';
import { toSendable } from './source.js';

/** What of the options a worker can be sent. */
const SENT = ['detection', 'recognition', 'orientation', 'straight', 'blocks', 'scripts',
  'wasmPaths', 'backend', 'threads'];

const NOT_STARTED = 'its script did not load. See that there is a network, that the files of sigfix-ocr '
  + 'lie together, that the server sends them as text/javascript, and that the page\'s Content-Security-Policy has worker-src \'self\'';

/** A worker of this module. */
function ownWorker() {
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (error) {
    throw new OcrError(`The worker of sigfix-ocr cannot start (${error.message}): ${NOT_STARTED}.`, { cause: error });
  }
}

/** An address as the page means it: a worker would read it from its own place. */
function absolute(address) {
  return typeof address === 'string' || address instanceof URL
    ? new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href).href : address;
}

/** The error that a worker sent. */
function received({ name, message }) {
  if (name === 'AbortError') return new DOMException(message, name);
  if (name === 'OcrError') return new OcrError(message);
  return Object.assign(new Error(message), { name });
}

/** Reads pages in a worker. */
export class OcrClient {
  #calls = new Map();
  #count = 0;
  #worker;

  /** @param {Worker | MessagePort} worker that runs `serve` of worker.js */
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#answered(data);
    worker.onerror = (event) => this.#failed(event.message || NOT_STARTED);
    worker.start?.();
  }

  /** @type {import('./index.d.ts').loadOcr} */
  static async start(options) {
    const client = new OcrClient(options.worker === true ? ownWorker() : options.worker);
    const sent = Object.fromEntries(SENT.map((key) => [key, options[key]]));
    for (const key of ['detection', 'recognition', 'orientation', 'wasmPaths']) {
      sent[key] = absolute(sent[key]);
    }
    const { page, crop } = options.orientation ?? {};
    if (page || crop) sent.orientation = { page: absolute(page), crop: absolute(crop) };
    sent.scripts = sent.scripts?.map(absolute);
    try {
      await client.#call('load', { options: sent });
      return client;
    } catch (error) {
      client.dispose();
      throw error;
    }
  }

  #answered({ id, progress, value, error }) {
    const call = this.#calls.get(id);
    if (!call) return;
    if (progress) {
      call.onProgress?.(progress);
      return;
    }
    this.#calls.delete(id);
    if (error) call.reject(received(error));
    else call.resolve(value);
  }

  #failed(reason) {
    for (const { reject } of this.#calls.values()) {
      reject(new OcrError(`The worker of sigfix-ocr stopped: ${reason}.`));
    }
    this.#calls.clear();
  }

  #call(action, message, transfer = [], { signal, onProgress } = {}) {
    this.#count += 1;
    const id = this.#count;
    const abort = () => this.#worker.postMessage({ id, action: 'abort' });
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, onProgress });
      signal?.addEventListener('abort', abort);
      this.#worker.postMessage({ id, action, ...message }, transfer);
    }).finally(() => signal?.removeEventListener('abort', abort));
  }

  /** @type {import('./index.d.ts').Ocr['read']} */
  async read(images, options = {}) {
    checkAborted(options.signal);
    const sources = await Promise.all((Array.isArray(images) ? images : [images]).map(toSendable));
    checkAborted(options.signal);
    const transfer = sources.filter((source) => typeof source.close === 'function');
    const { pages, times } = await this.#call('read', { images: sources }, transfer, options);
    checkAborted(options.signal); // the worker may have been at its end when it was told
    return new OcrDocument(pages, times);
  }

  dispose() {
    this.#worker.postMessage({ action: 'dispose' });
    this.#worker.terminate?.();
    this.#failed('it was disposed');
  }
}
