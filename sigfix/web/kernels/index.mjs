// Faster kernels for TensorFlow.js's wasm backend, and a loader of models that sigfix converted.
//
//   import * as tf from '@tensorflow/tfjs';
//   import { useFastKernels, loadModel } from './kernels/index.mjs';
//   await tf.setBackend('wasm');
//   await useFastKernels(tf);
//   const model = await loadModel('model/model.json');
//
// Where the kernels cannot be used, the same two calls give the plain model.

import { makeKit, obstacle } from './backend.mjs';
import { conv2D, fusedConv2D } from './convolutions.mjs';
import { concat, slice, splitV } from './copies.mjs';
import { depthwiseConv2D, fusedDepthwiseConv2D } from './depthwise.mjs';
import { erf, tanh } from './elementwise.mjs';
import { batchMatMul, fusedMatMul } from './products.mjs';
import { LSTM, lstm, packRecurrent } from './recurrent.mjs';
import { withRegions } from './regions.mjs';
import { useTapes } from './tape.mjs';

/** TensorFlow.js's kernels that have a faster one, each made of a kit and the original. */
const FASTER = {
  BatchMatMul: batchMatMul,
  _FusedMatMul: fusedMatMul,
  Concat: concat,
  Conv2D: conv2D,
  DepthwiseConv2dNative: depthwiseConv2D,
  Erf: erf,
  FusedConv2D: fusedConv2D,
  FusedDepthwiseConv2D: fusedDepthwiseConv2D,
  Slice: slice,
  SplitV: splitV,
  Tanh: tanh,
};

/** Kernels of regions, which are operators of their own. */
const OWN = { [LSTM]: lstm };

const originals = new WeakMap(); // kernel functions of this module -> what they replaced
let tensorflow = null;
let kit = null;
let said = false;

function stepAside(reason) {
  kit?.crew?.stop();
  kit = null;
  if (!said) console.info(`sigfix's fast kernels are not used: ${reason}.`);
  said = true;
  return false;
}

/** The kernel as TensorFlow.js has it, and not one that an earlier call put there. */
function replace(tf, name, make) {
  const registered = tf.getKernel(name, 'wasm');
  const original = originals.get(registered.kernelFunc) ?? registered.kernelFunc;
  const kernelFunc = make(kit, original);
  originals.set(kernelFunc, original);
  tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({ ...registered, kernelFunc });
}

/**
 * Put the faster kernels in place of TensorFlow.js's own, for the wasm backend that is set now.
 *
 * Returns whether they are used; where not, console.info says why, once.
 */
export async function useFastKernels(tf) {
  await tf.ready();
  tensorflow = tf;
  const reason = obstacle(tf);
  if (reason) return stepAside(reason);
  if (kit?.serves(tf.backend())) return true;
  kit?.crew?.stop();
  try {
    kit = await makeKit(tf);
  } catch (error) {
    return stepAside(`their WebAssembly does not start (${error.message})`);
  }
  for (const [name, make] of Object.entries(FASTER)) replace(tf, name, make);
  for (const [name, make] of Object.entries(OWN)) {
    if (tf.getKernel(name, 'wasm')) tf.unregisterKernel(name, 'wasm');
    tf.registerKernel({ kernelName: name, backendName: 'wasm', kernelFunc: make(kit) });
  }
  tf.registerOp(LSTM, ({ inputs: [x, panels], attrs }) => (
    tf.engine().runKernel(LSTM, { x, panels }, attrs)));
  return true;
}

/** An IO handler for what tf.loadGraphModel takes, a URL or a handler. */
function handlerOf(tf, source, options) {
  if (typeof source !== 'string') return source;
  const handlers = options.requestInit ? [] : tf.io.getLoadHandlers(source, options);
  return handlers[0] ?? tf.io.browserHTTPRequest(source, options);
}

/** Give the model the packed matrices that its regions read, in place of those nobody reads now. */
function pack(model, panels) {
  const weights = model.executor.weightMap;
  const read = new Set(Object.values(model.executor.graph.nodes).flatMap((node) => (
    node.op === 'Const' ? [] : node.inputNames.map((name) => name.split(':')[0]))));
  for (const { name, matrix, directions, units } of panels) {
    const info = packRecurrent(kit, weights[matrix][0], directions, units);
    weights[name] = [tensorflow.engine().makeTensorFromTensorInfo(info)];
  }
  for (const matrix of new Set(panels.map((panel) => panel.matrix))) {
    if (read.has(matrix)) continue;
    weights[matrix].forEach((tensor) => tensor.dispose());
    delete weights[matrix];
  }
  model.executor.weightMap = weights; // it keeps a list of the tensors, too
}

/**
 * tf.loadGraphModel, with the regions that sigfix wrote into the model run by their own kernels.
 *
 * `source` and `options` are those of tf.loadGraphModel. The model is for the backend that is set.
 */
export async function loadModel(source, options = {}) {
  if (!tensorflow) throw new Error('Call useFastKernels(tf) before loadModel.');
  const tf = tensorflow;
  if (kit && !kit.serves(tf.backend())) stepAside(`the backend is ${tf.getBackend()} now`);
  if (!kit) return tf.loadGraphModel(source, options);
  const { artifacts, panels } = withRegions(await handlerOf(tf, source, options).load());
  const model = await tf.loadGraphModel({ load: async () => artifacts }, options);
  if (panels.length) pack(model, panels);
  useTapes(tf, kit, model);
  return model;
}
