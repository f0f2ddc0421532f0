// Prints JSON {backend: [kernel, ...]} of the TF.js backends found below the given node_modules.
// Usage: node tfjs_kernels.js NODE_MODULES
const path = require('path');

const root = path.resolve(process.argv[2]);
const load = (name) => require(path.join(root, '@tensorflow', name));
const core = load('tfjs-core');
const found = {};
for (const backend of ['cpu', 'wasm', 'webgl', 'webgpu']) {
  try {
    load(`tfjs-backend-${backend}`);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    continue;
  }
  found[backend] = core.getKernelsForBackend(backend).map((kernel) => kernel.kernelName).sort();
}
process.stdout.write(JSON.stringify(found));
