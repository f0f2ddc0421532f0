// Gives a bundle's page odd files, at odd times: node odd.mjs MODULES ADDRESS FOLDER CHROMIUM [FLAG...].
//
// The arguments are those of look.mjs. FOLDER has page.png, one.png, the odd files as odd/*, a copy of
// the page as site/index.html, and gets screenshots. What was seen is printed as JSON.

import { copyFileSync, readFileSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  barriers, browser, forget, give, launch, messages, open, strangers, text, until, wide,
} from './looking.mjs';

const folder = process.argv[4];
const ENDS = '(words? read|No words|Nothing was read|Cancelled)';

const shown = async (page) => ({
  status: await text(page, '#status'),
  error: await page.isVisible('#error') ? await text(page, '#error') : '',
  size: await page.isVisible('#picture')
    ? await page.locator('#picture').evaluate((image) => [image.naturalWidth, image.naturalHeight]) : null,
  lines: await page.locator('#lines .words').allTextContents(),
  cancel: await page.isVisible('#cancel'),
});

async function giveAll() {
  const { page, context, said } = await open();
  await until(page, '^Ready');
  const found = {};
  for (const name of readdirSync(join(folder, 'odd'))) {
    await give(page, join('odd', name));
    await until(page, ENDS);
    found[name] = await shown(page);
  }
  await give(page, join('odd', 'huge.png'));
  await until(page, ENDS);
  const looks = [];
  for (const [width, colorScheme] of [[360, 'light'], [360, 'dark'], [768, 'light'], [768, 'dark'],
    [1440, 'light'], [1440, 'dark']]) {
    await page.setViewportSize({ width, height: 740 });
    await page.emulateMedia({ colorScheme });
    looks.push(await wide(page), await barriers(page));
    await page.screenshot({ path: join(folder, `error_${width}_${colorScheme}.png`) });
  }
  await give(page, 'page.png');
  await until(page, ENDS);
  found.after = await shown(page);
  messages.push(...said);
  await context.close();
  return { found, looks };
}

/** A drop, or what is pasted, of these files. */
const hand = (page, type, names) => page.evaluate(([kind, files]) => {
  const given = new DataTransfer();
  for (const [name, bytes] of files) {
    given.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
  }
  if (!files.length) given.setData('text/plain', 'words');
  const options = { bubbles: true, cancelable: true };
  document.body.dispatchEvent(kind === 'drop' ? new DragEvent(kind, { ...options, dataTransfer: given })
    : new ClipboardEvent(kind, { ...options, clipboardData: given }));
}, [type, names.map((name) => [name, [...readFileSync(join(folder, name))]])]);

async function handOver() {
  const { page, context, said } = await open();
  await until(page, '^Ready');
  const found = {};
  for (const type of ['drop', 'paste']) {
    await hand(page, type, []);
    found[type] = await shown(page);
  }
  await forget(page);
  await hand(page, 'drop', ['page.png', 'one.png']);
  await until(page, ENDS);
  found.two = await shown(page);
  await forget(page);
  await hand(page, 'drop', ['page.png']);
  await hand(page, 'drop', ['one.png']);
  await until(page, ENDS);
  found.second = await shown(page);
  // A file that is gone when it is read, as after a folder was tidied.
  copyFileSync(join(folder, 'page.png'), join(folder, 'gone.png'));
  await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), {
    type: 'file', id: 'own',
  })));
  await page.setInputFiles('#own', join(folder, 'gone.png'));
  unlinkSync(join(folder, 'gone.png'));
  await forget(page);
  await page.evaluate(() => {
    const given = new DataTransfer();
    given.items.add(document.getElementById('own').files[0]);
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: given }));
  });
  await until(page, ENDS);
  found.gone = await shown(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await until(other, '^Ready');
  await Promise.all([page, other].map((tab) => give(tab, 'page.png')));
  await Promise.all([page, other].map((tab) => until(tab, ENDS)));
  found.tabs = [await shown(page), await shown(other)];
  messages.push(...said);
  await context.close();
  return found;
}

/** Cancel when the status begins with some words, then read. */
async function cancelAt(words) {
  const slow = async (page) => page.route('**/models/detection/model.json', async (route) => {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    await route.continue();
  });
  const waits = words === 'Loading';
  const { page, context, said } = await open({}, waits ? slow : undefined);
  if (!waits) await until(page, '^Ready');
  await page.waitForFunction(() => document.getElementById('backend').options.length > 0);
  await page.evaluate((start) => {
    const [status, cancel] = ['status', 'cancel'].map((id) => document.getElementById(id));
    globalThis.cancelled = new Promise((done) => {
      new MutationObserver((_, observer) => {
        if (!status.textContent.startsWith(start) || cancel.hidden) return;
        observer.disconnect();
        const began = performance.now();
        cancel.click();
        setTimeout(() => done([status.textContent, performance.now() - began, cancel.hidden]));
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
  }, words);
  await give(page, 'page.png');
  const cancelled = await page.evaluate(() => globalThis.cancelled);
  await give(page, 'page.png');
  await until(page, ENDS);
  const after = await shown(page);
  messages.push(...said);
  await context.close();
  return { cancelled, after };
}

/** What is said of a camera that is not given, or not there. */
async function camera() {
  const found = {};
  for (const [name, more] of [
    ['refused', ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream=deny']],
    ['none', ['--use-fake-ui-for-media-stream']],
  ]) {
    const own = await launch(more);
    const page = await own.newPage();
    await page.goto(process.argv[3]);
    await until(page, '^Ready');
    await page.click('#camera');
    await page.waitForSelector('#error:not([hidden])');
    found[name] = await shown(page);
    await own.close();
  }
  return found;
}

async function fromFile() {
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
  await page.goto(pathToFileURL(join(folder, 'site', 'index.html')).href);
  await page.screenshot({ path: join(folder, 'from_file.png') });
  return text(page, '#status');
}

try {
  const cancelled = {};
  const files = await giveAll();
  const handed = await handOver();
  for (const stage of ['Opening', 'Loading', 'Finding', 'Reading']) cancelled[stage] = await cancelAt(stage);
  console.info(JSON.stringify({
    files, handed, cancelled, camera: await camera(), fromFile: await fromFile(), messages, strangers,
  }));
} finally {
  await browser.close();
}
