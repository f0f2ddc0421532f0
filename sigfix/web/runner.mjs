// Runs a TensorFlow.js graph model in Node.js: node runner.mjs REQUEST.json
//
// The request, with paths as they are or relative to the current directory:
//   packages    folder that holds node_modules with @tensorflow/tfjs and its wasm backend
//   model       folder with model.json and its weight shards
//   backend     "wasm" (one thread) or "cpu"
//   runs        [{inputs: [{name, dtype, shape, file}]}]; name is a key of the signature
//   outputs     keys of the signature's outputs
//   output_dir  existing folder for the tensors and for result.json
//   repeat      timed executions of the first run after the warm-up (0: none)
//   profile     whether to measure one more execution of the first run kernel by kernel
//   watch       whether to end at once, killed, when standard input ends
//   kernels     whether to run everything once more with the fast kernels beside this file
//
// A tensor file is raw little-endian data: float32, int32, one byte per bool, two float32 for a
// complex64; a string tensor is a JSON list of base64 texts. result.json holds {error, stage} when something went wrong (the
// exit code is then 1), and otherwise {mode, backend, tfjs, load_ms, runs: [{outputs: [{name,
// dtype, shape, file}]}], times_ms, kernels, fast_runs}; fast_runs is null where the fast kernels
// were not asked for, or cannot be used.

import { Buffer } from 'node:buffer';
import { readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Worker } from 'node:worker_threads';

const WARM_UP = 3;

/** TF.js says which call it wants instead, and nothing else tells such a failure apart. */
const WANTS_ASYNC = /Please use model\.executeAsync\(\)/;

/** The end of standard input says that who started this is gone; a busy thread would not see it. */
const WATCH = `
  const { Socket } = require('node:net');
  const input = new Socket({ fd: 0 });
  input.on('close', () => process.kill(process.pid, 'SIGKILL')).on('error', () => {}).resume();
`;

const VIEWS = {
  float32: Float32Array, int32: Int32Array, bool: Uint8Array, complex64: Float32Array,
};

/** Values in the array of their dtype: the cpu backend casts a bool without touching its bytes. */
function as(dtype, values) {
  return VIEWS[dtype] && !(values instanceof VIEWS[dtype]) ? new VIEWS[dtype](values) : values;
}

let stage = 'request';

/** Whether a path leads out of a folder; both are absolute. */
function leadsOut(folder, path) {
  const inside = relative(folder, path);
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
}

/**
 * Read a file of the model folder; a model names its own files, so neither the name nor a link
 * may lead outside, and a pipe or a device is no file.
 */
function readInside(folder, name) {
  const path = resolve(folder, name);
  if (leadsOut(resolve(folder), path)) {
    throw new Error(`model.json names a file outside its folder: ${name}`);
  }
  const real = realpathSync(path);
  if (leadsOut(realpathSync(folder), real)) {
    throw new Error(`a link of the model leads out of its folder: ${name}`);
  }
  if (!statSync(real).isFile()) throw new Error(`this is not a file: ${name}`);
  return readFileSync(real);
}

/** Read model.json and its weight shards into what tf.loadGraphModel takes from an IO handler. */
function readModel(folder) {
  const model = JSON.parse(readInside(folder, 'model.json').toString('utf8'));
  if (!model.modelTopology) throw new Error('model.json has no modelTopology');
  const groups = model.weightsManifest ?? [];
  const shards = groups.flatMap((group) => group.paths.map((path) => readInside(folder, path)));
  const weights = Buffer.concat(shards);
  return {
    ...model,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(
      weights.byteOffset, weights.byteOffset + weights.byteLength),
  };
}

/** Load TF.js from `packages`, quiet, on `backend`. */
async function startTensorFlow(packages, backend) {
  const require = createRequire(join(resolve(packages), 'request.js'));
  // Loading and the first tensor print a recommendation to install another backend.
  for (const level of ['log', 'info', 'warn']) console[level] = () => {};
  const tf = require('@tensorflow/tfjs');
  if (backend === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
    wasm.setWasmPaths(join(folder, 'dist', '/'));
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await tf.ready();
  return tf;
}

function readTensor(tf, { dtype, shape, file }) {
  const bytes = readFileSync(file);
  if (dtype === 'string') {
    const texts = JSON.parse(bytes.toString('utf8'));
    return tf.tensor(texts.map((text) => new Uint8Array(Buffer.from(text, 'base64'))), shape, dtype);
  }
  // A copy: a small Buffer shares its memory with others, at any alignment.
  const raw = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const view = VIEWS[dtype];
  if (!view) throw new Error(`no tensor can be made of dtype ${dtype}`);
  const values = new view(raw);
  if (dtype === 'complex64') {
    const parts = [0, 1].map((part) => values.filter((_, index) => index % 2 === part));
    return tf.complex(...parts.map((part) => tf.tensor(part, shape, 'float32')));
  }
  return tf.tensor(values, shape, dtype);
}

async function writeTensor(tensor, name, file) {
  if (tensor.dtype === 'string') {
    const texts = [...(await tensor.bytes())].map((text) => Buffer.from(text).toString('base64'));
    writeFileSync(file, JSON.stringify(texts));
  } else {
    const { buffer, byteOffset, byteLength } = as(tensor.dtype, await tensor.data());
    writeFileSync(file, Buffer.from(buffer, byteOffset, byteLength));
  }
  return { name, dtype: tensor.dtype, shape: tensor.shape, file };
}

/** The one way to call a model: `execute`, or `executeAsync` for good once it has to be. */
class Caller {
  mode = 'execute';

  constructor(model, outputs) {
    this.model = model;
    this.outputs = outputs;
  }

  async call(inputs) {
    let tensors;
    if (this.mode === 'execute') {
      try {
        tensors = this.model.execute({ ...inputs }, this.outputs);
      } catch (error) {
        if (!WANTS_ASYNC.test(error?.message ?? '')) throw error;
        this.mode = 'executeAsync';
      }
    }
    tensors ??= await this.model.executeAsync({ ...inputs }, this.outputs);
    return Array.isArray(tensors) ? tensors : [tensors];
  }

  /** Free results, but not what the next call needs: an output may be an input, or a weight. */
  release(tensors, inputs) {
    const shared = [...Object.values(inputs), ...Object.values(this.model.weights).flat()];
    const needed = new Set(shared.map((tensor) => tensor.id));
    for (const tensor of tensors) {
      if (!tensor.isDisposed && !needed.has(tensor.id)) tensor.dispose();
    }
  }
}

/** Milliseconds of `repeat` executions after a warm-up, each until its values can be used. */
async function time(caller, inputs, repeat) {
  const times = [];
  for (let index = -WARM_UP; repeat > 0 && index < repeat; index += 1) {
    const start = performance.now();
    const tensors = await caller.call(inputs);
    await Promise.all(tensors.map((tensor) => tensor.data()));
    if (index >= 0) times.push(performance.now() - start);
    caller.release(tensors, inputs);
  }
  return times;
}

/** Milliseconds and calls by kernel, the slowest first. */
async function profileKernels(tf, caller, inputs) {
  tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false); // it reads every tensor of a profile
  const { kernels } = await tf.profile(async () => caller.call(inputs));
  const rows = new Map();
  for (const kernel of kernels) {
    const row = rows.get(kernel.name) ?? { name: kernel.name, calls: 0, ms: 0 };
    row.calls += 1;
    row.ms += await kernel.kernelTimeMs;
    rows.set(kernel.name, row);
  }
  return [...rows.values()].sort((one, other) => other.ms - one.ms);
}

async function run(request) {
  stage = 'packages';
  const tf = await startTensorFlow(request.packages, request.backend);
  stage = 'load';
  const start = performance.now();
  const handler = { load: async () => readModel(request.model) };
  const model = await tf.loadGraphModel(handler);
  const loadMs = performance.now() - start;

  stage = 'run';
  const caller = new Caller(model, request.outputs);
  const all = request.runs.map(({ inputs }) => (
    Object.fromEntries(inputs.map((spec) => [spec.name, readTensor(tf, spec)]))));
  const result = {
    mode: caller.mode,
    backend: tf.getBackend(),
    tfjs: tf.version.tfjs,
    load_ms: loadMs,
    runs: await answers(caller, all, request, 'output'),
    times_ms: await time(caller, all[0], request.repeat ?? 0),
    kernels: request.profile ? await profileKernels(tf, caller, all[0]) : [],
    fast_runs: null,
  };
  result.mode = caller.mode;
  if (request.kernels) {
    stage = 'kernels';
    model.dispose(); // its weights are loaded again
    result.fast_runs = await fastAnswers(tf, handler, all, request);
  }
  return result;
}

/** Run a model on every set of inputs, and write what it computes into files. */
async function answers(caller, all, request, prefix) {
  const runs = [];
  for (const [index, inputs] of all.entries()) {
    const tensors = await caller.call(inputs);
    const outputs = [];
    for (const [position, tensor] of tensors.entries()) {
      const file = join(request.output_dir, `${prefix}_${index}_${position}.bin`);
      outputs.push(await writeTensor(tensor, request.outputs[position], file));
    }
    caller.release(tensors, inputs);
    runs.push({ outputs });
  }
  return runs;
}

/** The same with the fast kernels; null where they cannot be used here. */
async function fastAnswers(tf, handler, all, request) {
  const { loadModel, useFastKernels } = await import('./kernels/index.mjs');
  if (!(await useFastKernels(tf))) return null;
  const caller = new Caller(await loadModel(handler), request.outputs);
  return answers(caller, all, request, 'fast');
}

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
if (request.watch) new Worker(WATCH, { eval: true }).unref();
let result;
try {
  result = await run(request);
} catch (error) {
  result = { error: String(error?.message ?? error), stage };
  process.exitCode = 1;
}
writeFileSync(join(request.output_dir, 'result.json'), JSON.stringify(result));
