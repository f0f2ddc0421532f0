// Runs in an isolated Chromium: reads a page in one thread and in two, and posts both.

import { loadOcr } from '/ocr/index.js';

async function run() {
  const { settings } = await (await fetch('/request.json')).json();
  const blob = await (await fetch('/page.png')).blob();
  const read = async (options) => {
    const ocr = await loadOcr({ ...settings, ...options });
    const pages = [];
    for (let i = 0; i < 2; i += 1) pages.push(JSON.stringify((await ocr.read(blob)).toJSON().pages));
    ocr.dispose();
    return pages;
  };
  const one = await read({});
  const worker = new Worker('/worker.mjs', { type: 'module' });
  await new Promise((resolve) => { worker.addEventListener('message', resolve, { once: true }); });
  return { isolated: crossOriginIsolated, one, two: await read({ worker, threads: true }) };
}

const result = await run().catch((error) => ({ error: `${error.message}\n${error.stack}` }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
