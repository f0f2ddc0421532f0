// Times one ONNX file in ONNX Runtime Web on its wasm backend with several threads, as threads.py
// asks: reads request.json ({shape, threads, repeat}), posts {times_ms} or {error}.
import * as ort from './ort.wasm.min.mjs';

async function run() {
  if (!crossOriginIsolated) throw new Error('the page is not isolated: there are no threads');
  const { shape, threads, repeat } = await (await fetch('request.json')).json();
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = new URL('./', import.meta.url).href;
  const session = await ort.InferenceSession.create('model.onnx', {
    executionProviders: ['wasm'], graphOptimizationLevel: 'all',
  });
  const size = shape.reduce((one, other) => one * other, 1);
  const image = new ort.Tensor('float32', Float32Array.from({ length: size }, Math.random), shape);
  const feeds = { [session.inputNames[0]]: image };
  for (let i = 0; i < 2; i += 1) await session.run(feeds);
  const times = [];
  for (let i = 0; i < repeat; i += 1) {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  }
  return { times_ms: times };
}

const result = await run().catch((error) => ({ error: String(error?.message ?? error) }));
await fetch('result', { method: 'POST', body: JSON.stringify(result) });
