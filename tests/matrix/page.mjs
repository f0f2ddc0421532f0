// Runs one TensorFlow.js graph model in the browser, as browser.py asks: reads /request.json, posts
// each output's raw bytes to /output/N and the result to /result.
const TENSORS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
const WANTS_ASYNC = /Please use model\.executeAsync\(\)/;

async function readTensor({ dtype, shape, url }) {
  const raw = await (await fetch(url)).arrayBuffer();
  return tf.tensor(new TENSORS[dtype](raw), shape, dtype);
}

function execute(model, inputs, outputs) {
  try {
    return { mode: 'execute', tensors: model.execute(inputs, outputs) };
  } catch (error) {
    if (!WANTS_ASYNC.test(error?.message ?? '')) throw error;
    return { mode: 'executeAsync' };
  }
}

/** What draws for WebGL or computes for WebGPU here: a graphics card, or a renderer in software. */
async function renderer(backend) {
  if (backend === 'webgpu') {
    const { vendor, architecture } = (await navigator.gpu.requestAdapter()).info;
    return `${vendor} ${architecture}`;
  }
  if (backend !== 'webgl') return '';
  const gl = document.createElement('canvas').getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  return names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : '';
}

async function run({ backend, inputs: specs, outputs, kernels, threads = 1, repeat = 0 }) {
  if (backend === 'wasm') {
    tf.wasm.setWasmPaths('/packages/@tensorflow/tfjs-backend-wasm/dist/');
    // TensorFlow.js 4.22 starts half as many as there are processors, whatever it was told.
    if (threads > 1) Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * threads });
    else tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await tf.ready();
  let used = false;
  let load = tf.loadGraphModel;
  if (kernels) {
    const fast = await import('/kernels/index.mjs');
    used = await fast.useFastKernels(tf);
    load = fast.loadModel;
  }
  const model = await load('/model/model.json');
  const entries = specs.map(async (spec) => [spec.name, await readTensor(spec)]);
  const inputs = Object.fromEntries(await Promise.all(entries));
  const start = performance.now();
  let { mode, tensors } = execute(model, inputs, outputs);
  tensors ??= await model.executeAsync(inputs, outputs);
  tensors = Array.isArray(tensors) ? tensors : [tensors];
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  const seconds = (performance.now() - start) / 1e3;
  const times = [];
  for (let i = 0; i < repeat; i += 1) {
    const again = performance.now();
    const found = model.execute(inputs, outputs);
    for (const tensor of [found].flat()) await tensor.data();
    tf.dispose(found);
    times.push(performance.now() - again);
  }
  for (const [index, value] of values.entries()) {
    await fetch(`/output/${index}`, { method: 'POST', body: value });
  }
  return {
    mode,
    backend: tf.getBackend(),
    kernels: used,
    renderer: await renderer(backend),
    seconds,
    threads: backend === 'wasm' && threads > 1 ? tf.wasm.getThreadsCount() : 1,
    times_ms: times,
    outputs: tensors.map(({ dtype, shape }) => ({ dtype, shape })),
  };
}

let result;
try {
  const request = await (await fetch('/request.json')).json();
  result = await run(request);
} catch (error) {
  result = { error: String(error?.message ?? error) };
}
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
