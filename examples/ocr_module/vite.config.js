import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // the built folder may lie anywhere on a site
  worker: { format: 'es' }, // the reader imports TensorFlow.js, in parts
  build: { chunkSizeWarningLimit: 2000 }, // kilobytes: TensorFlow.js is that large
});
