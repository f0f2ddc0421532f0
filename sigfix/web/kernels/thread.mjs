// A thread beside the first one: it takes pieces of kernels until it is ended.

import { help } from './pieces.mjs';

globalThis.onmessage = async ({ data: { module, memory, shared, thread } }) => {
  try {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    globalThis.postMessage({ started: true });
    help(shared, exports, thread);
  } catch (error) {
    globalThis.postMessage({ started: false, reason: error.message });
  }
};
