// Everything that the page's module calls.

export { erf, erf_product, tanh } from './functions';
export { finish_rows, pack, products } from './products';
export { lstm } from './recurrent';
export { copy_rows } from './copies';
