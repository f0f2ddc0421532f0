// Reads 0.png, 1.png, ... with a bundle, as its own page does, and posts each as it is read.

import { loadOcr } from '../ocr/index.js';
import { ocrOptions, readBundle } from '../page/settings.js';

const messages = [];
for (const level of ['error', 'warn']) {
  console[level] = (...words) => messages.push(words.map(String).join(' '));
}
window.addEventListener('error', (event) => messages.push(event.message));
const asked = new URL(document.location).searchParams;

const post = (value) => fetch('result', { method: 'POST', body: JSON.stringify(value) });

async function read() {
  const base = new URL('../', import.meta.url);
  const ocr = await loadOcr(ocrOptions(await readBundle(base), base, asked.get('backend')));
  for (let number = 0; number < Number(asked.get('documents')); number += 1) {
    const picture = await (await fetch(`${number}.png`)).blob();
    const began = performance.now();
    const found = await ocr.read(picture);
    await post({ number, page: found.pages[0], ms: performance.now() - began });
  }
  ocr.dispose();
  return { messages };
}

await post(await read().catch((error) => ({ error: String(error?.message ?? error) })));
