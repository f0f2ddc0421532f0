// Uses a bundle's page as people do: node look.mjs MODULES ADDRESS FOLDER [CHROMIUM-FLAG...].
//
// MODULES is a node_modules with playwright-core and axe-core, FOLDER has page.png and PDFs, and gets
// the screenshots. What was seen is printed as JSON.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  barriers, browser, downloaded, forget, give, messages, open, strangers, text, until, wide,
} from './looking.mjs';

const folder = process.argv[4];

/** The page at one width, empty and with a page that was read. */
async function lookAt(width, dark) {
  const { page, context, said } = await open({
    viewport: { width, height: width < 500 ? 740 : 900 }, colorScheme: dark ? 'dark' : 'light',
  });
  const name = `${width}${dark ? '_dark' : ''}`;
  await until(page, '^Ready');
  const found = [await wide(page), await barriers(page)];
  await page.screenshot({ path: join(folder, `empty_${name}.png`) });
  await page.click('#sample');
  await until(page, 'words read');
  await page.focus('#lines li:nth-child(3)');
  found.push(await wide(page), await barriers(page));
  await page.screenshot({ path: join(folder, `read_${name}.png`), fullPage: width < 500 });
  messages.push(...said);
  await context.close();
  return { name, tooWide: Math.max(found[0], found[2]), barriers: [...found[1], ...found[3]] };
}

const marked = (page, place) => page.locator(`${place} .marked`).evaluateAll(
  (all) => [...new Set(all.map((each) => Number(each.dataset.line)))]);

/** Keyboard, mouse, copy, download, other ways to give a picture; the network is gone after the load. */
async function use() {
  const { page, context, said } = await open({ permissions: ['clipboard-read', 'clipboard-write', 'camera'] });
  await until(page, '^Ready');
  const found = { promise: await text(page, '.promise') };
  await page.click('#sample');
  await until(page, 'words read');
  await context.setOffline(true);
  await give(page, 'page.png');
  await until(page, 'words read');
  found.words = Number((await text(page, '#status')).split(' ')[0]);
  found.boxes = await page.locator('#boxes polygon').count();
  found.lines = await page.locator('#lines li').count();
  await page.focus('#copy');
  for (const key of ['Tab', 'Tab', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
  found.byKeys = [await marked(page, '#lines'), await marked(page, '#boxes')];
  await page.locator('#boxes polygon[data-line="4"]').first().click();
  found.byMouse = [await marked(page, '#lines'), await marked(page, '#boxes')];
  await page.keyboard.press('End');
  found.atTheEnd = await marked(page, '#boxes');
  await page.keyboard.press('Home');
  await page.hover('#lines li:nth-child(2)');
  found.byHover = await marked(page, '#boxes');
  await page.keyboard.press('End');
  await page.waitForTimeout(500);  // Chromium says what a scrolled list brought under the pointer.
  found.underARestingPointer = await marked(page, '#boxes');
  await page.click('#copy');
  await until(page, 'copied');
  found.copied = await page.evaluate(() => navigator.clipboard.readText());
  found.shown = await page.locator('#lines .words').allTextContents();
  found.json = await downloaded(page);
  found.times = await page.locator('#times dt').count();
  await context.setOffline(false);
  await page.click('#camera');
  await page.waitForFunction(() => document.getElementById('video').videoWidth > 0);
  await page.click('#take');
  await page.waitForFunction(() => document.getElementById('video').srcObject === null);
  await until(page, 'words? (read|were)');
  found.camera = await page.evaluate(() => document.getElementById('video').srcObject);
  const bytes = [...readFileSync(join(folder, 'page.png'))];
  for (const [kind, event] of [['drop', 'dataTransfer'], ['paste', 'clipboardData']]) {
    await forget(page);
    await page.evaluate(([type, key, content]) => {
      const given = new DataTransfer();
      given.items.add(new File([Uint8Array.from(content)], 'page.png', { type: 'image/png' }));
      const options = { bubbles: true, cancelable: true, [key]: given };
      document.body.dispatchEvent(type === 'drop' ? new DragEvent(type, options)
        : new ClipboardEvent(type, options));
    }, [kind, event, bytes]);
    await until(page, 'words read');
    found[kind] = Number((await text(page, '#status')).split(' ')[0]);
  }
  await page.evaluate(async () => {
    const [sample, cancel] = ['sample', 'cancel'].map((id) => document.getElementById(id));
    // Within a frame a small page may be read: the button is pressed at once when it is shown.
    const pressed = new Promise((done) => new MutationObserver(() => {
      if (!cancel.hidden) done(cancel.click());
    }).observe(cancel, { attributes: true }));
    const late = new Promise((_, fail) => setTimeout(fail, 30_000, Error('nothing can be cancelled')));
    sample.click();
    await Promise.race([pressed, late]);
  });
  await until(page, 'Cancelled');
  messages.push(...said);
  await context.close();
  return found;
}

/** A PDF, page by page. */
async function turnPages() {
  const { page, context, said } = await open({ viewport: { width: 360, height: 740 } });
  await until(page, '^Ready');
  const found = [];
  const readAfter = async (action) => {
    await forget(page);
    await action();
    await until(page, 'words? read');
    const encoded = await page.evaluate(() => {
      const image = document.getElementById('picture');
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      canvas.getContext('2d').drawImage(image, 0, 0);
      return canvas.toDataURL('image/png').split(',')[1];
    });
    writeFileSync(join(folder, `pdf_${found.length}.png`), Buffer.from(encoded, 'base64'));
    found.push({
      boxes: await page.locator('#boxes polygon').count(),
      number: await page.inputValue('#page-number'),
      index: (await downloaded(page)).pages[0].page_idx,
    });
  };
  await readAfter(() => give(page, 'pages.pdf'));
  const states = [await wide(page), await barriers(page), await text(page, '#page-count'),
    await page.isDisabled('#page-before')];
  await page.screenshot({ path: join(folder, 'pdf_360.png'), fullPage: true });
  await page.setViewportSize({ width: 1440, height: 900 });
  await readAfter(() => page.click('#page-after'));
  await page.screenshot({ path: join(folder, 'pdf_1440.png') });
  await readAfter(async () => {
    await page.fill('#page-number', '99');
    await page.press('#page-number', 'Tab');
  });
  await give(page, 'page.png');
  await until(page, 'words read');
  states.push(await page.isVisible('#pages'));
  messages.push(...said);
  await context.close();
  return { found, states };
}

async function look() {
  const widths = [];
  for (const [width, dark] of [[360, false], [768, true], [1440, false]]) {
    widths.push(await lookAt(width, dark));
  }
  const used = await use();
  const pdf = await turnPages();
  return { widths, used, pdf, messages, strangers };
}

try {
  console.info(JSON.stringify(await look()));
} finally {
  await browser.close(); // a browser that is left open keeps this process
}
