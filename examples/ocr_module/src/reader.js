// The worker that reads: it brings TensorFlow.js, and answers loadOcr of the page.

import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { serve } from 'sigfix-ocr/serve';

// The bundler copies the three files and gives them names of its own: TensorFlow.js is told which.
setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
});

// setBackend answers false, or throws, where a backend does not start. sigfix-ocr makes an error of
// both, serve() sends it to the page, and loadOcr throws it there.
serve({ tf });
