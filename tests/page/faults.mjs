// What can be broken in a bundle or a browser: done before the page is loaded, or after.

import { join } from 'node:path';

const model = async (page, change) => page.route('**/models/detection/model.json', async (route) => {
  const answer = await route.fetch();
  const document = await answer.json();
  change(document);
  await route.fulfill({ json: document });
});
const missing = (pattern) => (page) => page.route(pattern, (route) => route.fulfill({ status: 404 }));
const page404 = { contentType: 'text/html', body: '<!doctype html><title>Not here</title>' };
const withHeaders = (pattern, more) => (page) => page.route(pattern, async (route) => {
  const response = await route.fetch();
  await route.fulfill({ response, headers: { ...response.headers(), ...more } });
});
const policy = (text) => ({ 'content-security-policy': text });

const offlineAnd = (action) => async (page, folder) => {
  await page.context().setOffline(true);
  await action(page, folder);
};
const giving = (name) => (page, folder) => page.setInputFiles('#file', join(folder, name));

export const FAULTS = {
  'missing shard': { before: missing('**/models/recognition/*.bin') },
  'truncated weights': {
    before: (page) => page.route('**/models/recognition/*.bin', async (route) => {
      const body = await (await route.fetch()).body();
      await route.fulfill({ body: body.subarray(0, body.length >> 1) });
    }),
  },
  'newer card': {
    before: (page) => model(page, ({ userDefinedMetadata }) => {
      userDefinedMetadata.sigfix.version = 99;
    }),
  },
  'older card': {
    before: (page) => model(page, ({ userDefinedMetadata }) => {
      userDefinedMetadata.sigfix.version = 1;
    }),
  },
  'a page for a model': {
    before: (page) => page.route('**/models/detection/model.json', (route) => route.fulfill(page404)),
  },
  'a page for weights': {
    before: (page) => page.route('**/models/recognition/*.bin', (route) => route.fulfill(page404)),
  },
  'wrong types': {
    before: withHeaders('**/kernels/*.mjs', { 'content-type': 'application/octet-stream' }),
  },
  'wrong types of all': {
    before: withHeaders('**/*.js', { 'content-type': 'text/plain' }),
    after: async () => {},
    silent: true,
  },
  'cut off script': {
    before: (page) => page.route('**/ocr/decode.js', (route) => route.fulfill({
      contentType: 'text/javascript', body: 'export const decode = (',
    })),
  },
  'missing worker': { before: missing('**/ocr/worker.js') },
  'policy without WebAssembly': {
    before: withHeaders('**/ocr/worker.js', policy("script-src 'self'")),
  },
  'policy without workers': {
    before: withHeaders('**/index.html', policy("worker-src 'none'")), path: 'index.html',
  },
  'no WebAssembly': {
    before: (page) => page.addInitScript(() => {
      delete globalThis.WebAssembly;
    }),
  },
  'nothing to run on': {
    before: (page) => page.addInitScript(() => {
      delete globalThis.WebAssembly;
      HTMLCanvasElement.prototype.getContext = () => null;
      Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined });
    }),
  },
  'missing sample': {
    before: missing('**/sample.png'), after: (page) => page.click('#sample'),
  },
  'no network for the sample': {
    before: async () => {}, after: offlineAnd((page) => page.click('#sample')),
  },
  'no network for a PDF': { before: async () => {}, after: offlineAnd(giving('pages.pdf')) },
  'no network for a backend': {
    before: async () => {}, after: offlineAnd((page) => page.selectOption('#backend', 'webgl')),
  },
  'no card': {
    before: (page) => model(page, (document) => {
      document.userDefinedMetadata = {};
    }),
  },
  'newer bundle': {
    before: (page) => page.route('**/bundle.json', (route) => route.fulfill({
      json: { sigfix_bundle: 99 },
    })),
  },
  'no manifest': { before: missing('**/bundle.json') },
  'missing module': { before: missing('**/ocr/decode.js') },
  'missing script': { before: missing('**/tfjs/tf.es2017.min.js') },
  'missing wasm': { before: missing('**/tfjs/*.wasm') },
  'no SIMD': {
    before: (page) => page.addInitScript(() => {
      WebAssembly.validate = () => false;
    }),
  },
  'no WebGL': {
    before: (page) => page.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = () => null;
    }),
  },
  'no picture': {
    before: async () => {},
    after: giving('broken.png'),
  },
  'broken PDF': { before: async () => {}, after: giving('broken.pdf') },
  'encrypted PDF': { before: async () => {}, after: giving('encrypted.pdf') },
  'missing pdf.js': { before: missing('**/pdf/pdf.min.mjs'), after: giving('pages.pdf') },
  'no pdf.js': {
    before: (page) => page.route('**/bundle.json', async (route) => {
      const bundle = await (await route.fetch()).json();
      await route.fulfill({ json: { ...bundle, pdf: null } });
    }),
    after: giving('pages.pdf'),
  },
};
