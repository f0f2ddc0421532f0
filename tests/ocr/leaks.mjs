// Runs in Chromium: reads one page many times, stops at each stage, and posts what was left behind.

import { loadOcr } from '/ocr/index.js';

const live = new Map();
const [add, remove] = ['addEventListener', 'removeEventListener'].map((name) => EventTarget.prototype[name]);
const count = (target, change) => {
  const name = target?.constructor.name ?? 'Window';
  live.set(name, (live.get(name) ?? 0) + change);
};
EventTarget.prototype.addEventListener = function counted(...given) {
  count(this, 1);
  return add.apply(this, given);
};
EventTarget.prototype.removeEventListener = function counted(...given) {
  count(this, -1);
  return remove.apply(this, given);
};

const tensorsOf = (worker) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => {
    port1.close();
    resolve(data);
  };
  worker.postMessage({ action: 'count', port: port2 }, [port2]);
});

async function run() {
  const { settings, reads } = await (await fetch('/request.json')).json();
  const worker = new Worker('/worker.mjs', { type: 'module' });
  const ocr = await loadOcr({ ...settings, worker });
  const blob = await (await fetch('/page.png')).blob();
  const steps = [];
  const first = await ocr.read(blob, { onProgress: ({ stage, done }) => steps.push(`${stage} ${done}`) });
  const controller = new AbortController(); // one signal for all reads, as a page may have
  const listeners = () => [...live].filter(([, number]) => number !== 0);
  const before = { tensors: await tensorsOf(worker), listeners: listeners() };
  const texts = new Set();
  for (let each = 0; each < reads; each += 1) {
    texts.add((await ocr.read(blob, { signal: controller.signal })).toText());
  }
  const aborted = [];
  for (let stop = 0; stop < steps.length; stop += 1) {
    const own = new AbortController();
    let seen = 0;
    const onProgress = () => {
      if (seen === stop) own.abort();
      seen += 1;
    };
    const outcome = await ocr.read(blob, { signal: own.signal, onProgress }).then(() => 'read', ({ name }) => name);
    aborted.push([steps[stop], outcome]);
  }
  const after = { tensors: await tensorsOf(worker), listeners: listeners() };
  texts.add((await ocr.read(blob)).toText());
  ocr.dispose();
  return { before, after, aborted, texts: [...texts], first: first.toText() };
}

const result = await run().catch((error) => ({ error: `${error.message}\n${error.stack}` }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
