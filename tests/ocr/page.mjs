// Runs in Chromium: reads one page from every kind of image, and posts what it found.

import { loadOcr } from '/ocr/index.js';

const post = (value) => fetch('/result', { method: 'POST', body: JSON.stringify(value) });
const refused = (event) => { violations.push(`${event.violatedDirective} ${event.blockedURI}`); };
const violations = [];
const messages = [];
document.addEventListener('securitypolicyviolation', refused);
for (const level of ['error', 'warn']) {
  console[level] = (...words) => messages.push(words.map(String).join(' '));
}
window.addEventListener('error', (event) => messages.push(event.message));

/** The same page as each kind of image. */
async function sources(blob) {
  const img = new Image();
  img.src = URL.createObjectURL(blob);
  await img.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(img, 0, 0);
  const offscreen = new OffscreenCanvas(canvas.width, canvas.height);
  offscreen.getContext('2d').drawImage(img, 0, 0);
  return {
    blob,
    img,
    canvas,
    offscreen,
    bitmap: await createImageBitmap(blob),
    data: context.getImageData(0, 0, canvas.width, canvas.height),
    frame: new VideoFrame(canvas, { timestamp: 0 }),
  };
}

async function failure(task) {
  try {
    await task();
    return null;
  } catch (error) {
    return { name: error.name, message: error.message };
  }
}

async function run() {
  const request = await (await fetch('/request.json')).json();
  const { settings } = request;
  const ocr = await loadOcr(settings);
  const blob = await (await fetch('/page.png')).blob();
  const texts = {};
  let pages;
  for (const [kind, source] of Object.entries(await sources(blob))) {
    const read = await ocr.read(source);
    texts[kind] = read.toText();
    pages ??= read.toJSON().pages;
    source.close?.();
  }
  const turned = await ocr.read(await (await fetch('/turned.jpg')).blob());
  const controller = new AbortController();
  const aborted = await failure(() => ocr.read([blob, blob], {
    signal: controller.signal, onProgress: () => controller.abort(),
  }));
  const noImage = await failure(() => ocr.read(new Blob(['no image'], { type: 'image/png' })));
  const after = (await ocr.read(blob)).toText();
  const missing = await failure(() => loadOcr({ ...settings, recognition: '/nowhere/model.json' }));
  const noBackend = await failure(() => loadOcr({ ...settings, backend: 'nothing' }));
  ocr.dispose();
  return { texts, pages, turned: turned.pages[0].dimensions, aborted, noImage, after, missing,
    noBackend, violations, messages };
}

try {
  await post(await run());
} catch (error) {
  await post({ error: `${error.message}\n${error.stack}`, violations, messages });
}
