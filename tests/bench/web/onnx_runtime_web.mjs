// Time ONNX Runtime Web (wasm, one thread) on one ONNX file.
// usage: node onnx_runtime_web.mjs PACKAGES MODEL.onnx SHAPE REPEAT   (SHAPE as 1,3,32,128)
import {createRequire} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [packages, model, shapeText, repeatText] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'package.json'));
const ort = await import(pathToFileURL(require.resolve('onnxruntime-web')));
const {env, InferenceSession, Tensor} = ort.default ?? ort;
env.wasm.numThreads = 1;

const shape = shapeText.split(',').map(Number);
const size = shape.reduce((a, b) => a * b, 1);
const image = new Tensor('float32', Float32Array.from({length: size}, Math.random), shape);
const session = await InferenceSession.create(model, {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
});
const feeds = {[session.inputNames[0]]: image};
for (let i = 0; i < 3; i++) await session.run(feeds);
const times = [];
for (let i = 0; i < Number(repeatText); i++) {
  const start = performance.now();
  await session.run(feeds);
  times.push(performance.now() - start);
}
console.log(JSON.stringify({times_ms: times}));
process.exit(0);
