// Reads one page many times in Chromium, and says for how long its main thread computed at a time.
//
//   node main_thread.mjs MODULES ADDRESS CHROMIUM READS BUSY [FLAG...]
//
// Chromium's own trace has the CPU time of each task of each thread: on a machine that others use,
// the time on the wall says how long a thread waited, too. BUSY is for how many milliseconds the
// page computes in the middle of it, so that this is known to be seen; 0 is not at all.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, address, program, reads, busy, ...flags] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, 'here.js'))('playwright-core');
const browser = await chromium.launch({ executablePath: program, args: flags });

/** The longest CPU time in milliseconds of a task of each page's main thread. */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace);
  const key = ({ pid, tid }) => `${pid} ${tid}`;
  const mains = new Set(traceEvents
    .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(key));
  const tasks = traceEvents.filter((event) => mains.has(key(event)) && event.tdur !== undefined);
  return { tasks: tasks.length, longest: Math.max(0, ...tasks.map(({ tdur }) => tdur)) / 1000 };
}

try {
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForFunction(() => globalThis.ocr);
  const workers = () => page.workers().length;
  const before = workers();
  await browser.startTracing(page, { categories: ['toplevel'] });
  const texts = await page.evaluate(async ([number, block]) => {
    const found = new Set();
    for (let each = 0; each < number; each += 1) {
      const reading = globalThis.ocr.read(globalThis.picture);
      if (block && each === Math.floor(number / 2)) {
        await new Promise((resolve) => { setTimeout(resolve); });
        for (const end = performance.now() + block; performance.now() < end;);
      }
      found.add((await reading).toText());
    }
    return [...found];
  }, [Number(reads), Number(busy)]);
  const measured = longestTask((await browser.stopTracing()).toString());
  console.log(JSON.stringify({ ...measured, texts, workers: [before, workers()] }));
} finally {
  await browser.close();
}
