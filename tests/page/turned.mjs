// Gives a bundle's page pictures that are turned: node turned.mjs MODULES ADDRESS FOLDER CHROMIUM
// [FLAG...].
//
// The arguments are those of look.mjs; FOLDER has 0.png, 90.png, 180.png and 270.png.

import { join } from 'node:path';
import { browser, downloaded, give, messages, open, strangers, text, until } from './looking.mjs';

const folder = process.argv[4];

async function look() {
  const { page, said } = await open();
  await until(page, '^Ready');
  const found = {};
  for (const turn of [0, 90, 180, 270]) {
    await give(page, `${turn}.png`);
    await until(page, 'words read');
    found[turn] = {
      status: await text(page, '#status'),
      page: (await downloaded(page)).pages[0],
    };
    await page.screenshot({ path: join(folder, `turned_${turn}.png`) });
  }
  messages.push(...said);
  return { found, messages, strangers };
}

try {
  console.info(JSON.stringify(await look()));
} finally {
  await browser.close();
}
