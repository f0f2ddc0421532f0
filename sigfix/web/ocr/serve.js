// Reading in a worker, seen from the worker.

import { loadOcr } from './index.js';

/** An error as a message. */
const sendable = (error) => ({ name: error?.name ?? 'Error', message: String(error?.message ?? error) });

/**
 * Answer an OcrClient.
 * @param {{tf?: any, port?: any}} [options] TensorFlow.js, where the page does not send its
 *   scripts, and where messages come from, the worker itself if nothing is said
 */
export function serve({ tf, port = globalThis } = {}) {
  const aborts = new Map();
  let ocr;

  const actions = {
    load: async ({ options }) => {
      ocr = await loadOcr({ ...options, tf, worker: false });
    },
    read: async ({ id, images }, signal) => {
      const { pages, times } = await ocr.read(images, {
        signal, onProgress: (progress) => port.postMessage({ id, progress }),
      });
      return { pages, times };
    },
  };

  port.onmessage = async ({ data }) => {
    const { id, action } = data;
    if (action === 'abort') aborts.get(id)?.abort();
    if (action === 'dispose') {
      ocr?.dispose();
      port.close?.();
    }
    if (!actions[action]) return;
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      port.postMessage({ id, value: await actions[action](data, abort.signal) });
    } catch (error) {
      port.postMessage({ id, error: sendable(error) });
    } finally {
      aborts.delete(id);
    }
  };
  port.start?.();
}
