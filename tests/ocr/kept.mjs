// Runs in Chromium: loads sigfix-ocr, and keeps it and a picture for whoever drives the page.

import { loadOcr } from '/ocr/index.js';

const { settings } = await (await fetch('/request.json')).json();
const ocr = await loadOcr(settings);
globalThis.picture = await (await fetch('/page.png')).blob();
await ocr.read(globalThis.picture);
globalThis.ocr = ocr;
