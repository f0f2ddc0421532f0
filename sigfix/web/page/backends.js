// What TensorFlow.js can run on here, in the order in which it is offered.

// A function that makes a vector of sixteen zeros: no WebAssembly without SIMD takes it.
const WITH_SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, // WebAssembly, version 1
  1, 5, 1, 96, 0, 1, 123, // a type: nothing -> v128
  3, 2, 1, 0, // one function of it
  10, 8, 1, 6, 0, 65, 0, 253, 15, 11, // i32.const 0, i8x16.splat
);

const hasSimd = () => typeof WebAssembly === 'object' && WebAssembly.validate(WITH_SIMD);

function noteOnWasm() {
  if (typeof WebAssembly !== 'object') return 'This browser gives no WebAssembly: allow it in its settings.';
  return hasSimd() ? '' : 'This browser\'s WebAssembly has no SIMD, so that reading on the processor '
    + 'takes several times as long. Use a newer browser, or choose webgl.';
}

function hasWebgl() {
  const context = document.createElement('canvas').getContext('webgl2')
    ?? document.createElement('canvas').getContext('webgl');
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return Boolean(context);
}

/** The title of a backend, whether it is there, and a note on it, by its name. */
const KNOWN = {
  wasm: () => ({
    title: 'processor (wasm)',
    there: typeof WebAssembly === 'object',
    note: noteOnWasm(),
  }),
  webgl: () => ({
    title: 'graphics card (webgl)',
    there: hasWebgl(),
    note: 'This browser gives no WebGL: switch hardware acceleration on in its settings.',
  }),
  // Whether there is a graphics card is only asked when it is chosen: some browsers log a warning.
  webgpu: () => ({
    title: 'graphics card (webgpu)',
    there: Boolean(navigator.gpu),
    note: 'This browser gives no WebGPU.',
  }),
};

/**
 * What the bundle has scripts for.
 * @param {any} bundle
 * @returns {{name: string, title: string, there: boolean, note: string}[]}
 */
export function backendsOf(bundle) {
  const names = Object.keys(bundle.backends).filter((name) => KNOWN[name]);
  return names.map((name) => ({ name, ...KNOWN[name]() }));
}
