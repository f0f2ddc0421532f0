// Everything that the page's module calls.

export { erf, tanh } from './functions';
export { pack } from './packing';
export { finish_rows, products } from './products';
export { lstm } from './recurrent';
export { copy_rows } from './copies';
export { depthwise } from './depthwise';
export { convolve, dense, patch_bytes } from './convolutions';
export { winograd, winograd_bytes, winograd_pack } from './winograd';
