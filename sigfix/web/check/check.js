// Reads pictures with a bundle in a browser, as its own page does, and posts what was read.

async function read() {
  const { loadOcr } = await import('../ocr/index.js');
  const { ocrOptions, readBundle } = await import('../page/settings.js');
  const base = new URL('../', import.meta.url);
  const began = performance.now();
  const ocr = await loadOcr(ocrOptions(await readBundle(base), base, 'wasm'));
  const loaded = performance.now();
  const names = await (await fetch('pictures.json')).json();
  const pictures = names.map(async (name) => (await fetch(name)).blob());
  const found = await ocr.read(await Promise.all(pictures));
  const finished = performance.now();
  ocr.dispose();
  return { pages: found.pages, times: found.times, load: loaded - began, read: finished - loaded };
}

const result = await read().catch((error) => ({ error: String(error?.message ?? error) }));
await fetch('result', { method: 'POST', body: JSON.stringify(result) });
