// Looks at the page of one model: node alone.mjs MODULES ADDRESS FOLDER CHROMIUM [FLAG...].
//
// The arguments are those of look.mjs.

import { join } from 'node:path';
import {
  barriers, browser, downloaded, messages, open, strangers, until, wide,
} from './looking.mjs';

const folder = process.argv[4];

async function look() {
  const { page, said } = await open({ viewport: { width: 360, height: 740 } });
  await until(page, '^Ready');
  await page.click('#sample');
  await until(page, '^(1 word|[0-9]+ words|This picture)');
  const found = { tooWide: -Infinity, barriers: [] };
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: width < 500 ? 740 : 900 });
    found.tooWide = Math.max(found.tooWide, await wide(page));
    await page.screenshot({ path: join(folder, `alone_${width}.png`) });
  }
  found.barriers.push(...await barriers(page));
  found.title = await page.title();
  found.status = await page.locator('#status').textContent();
  found.lines = await page.locator('#lines .words').allTextContents();
  found.copy = await page.isVisible('#copy');
  found.json = await downloaded(page);
  messages.push(...said);
  return { ...found, messages, strangers };
}

try {
  console.info(JSON.stringify(await look()));
} finally {
  await browser.close();
}
