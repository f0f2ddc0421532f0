// The types of TensorFlow.js are those of the page's own copy of it.
import type * as tfjs from '@tensorflow/tfjs';

/** The part of TensorFlow.js that the kernels use: `import * as tf from '@tensorflow/tfjs'`. */
export type TensorFlow = typeof tfjs;

/**
 * Put the faster kernels in place of TensorFlow.js's own, for the wasm backend that is set now.
 *
 * Resolves to whether they are used; where not, console.info says why, once.
 */
export function useFastKernels(tf: TensorFlow): Promise<boolean>;

/**
 * tf.loadGraphModel, with the parts of the model that sigfix marked run by kernels of their own.
 *
 * Call `useFastKernels` before. The model is for the backend that is set.
 */
export function loadModel(
  source: string | tfjs.io.IOHandler,
  options?: tfjs.io.LoadOptions,
): Promise<tfjs.GraphModel>;
