// Breaks a bundle or its browser in many ways: node broken.mjs MODULES ADDRESS FOLDER CHROMIUM [FLAG...].
//
// The arguments are those of look.mjs; FOLDER has PDFs, broken.png, and the names of what is tried as
// faults.json, or [] for all. What the page says is printed as JSON, by the names in faults.mjs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS } from './faults.mjs';
import { LONG, browser, open, text, until } from './looking.mjs';

const folder = process.argv[4];

async function breakIt({ before, after, silent, path }) {
  const { page, context } = await open({}, before, path);
  try {
    if (after && !silent) await until(page, '^Ready');
    await after?.(page, folder);
    if (!silent) {
      await page.waitForFunction(() => !document.getElementById('error').hidden
        || !document.getElementById('backend-note').hidden, null, { timeout: LONG });
    }
    return {
      status: await text(page, '#status'),
      error: await text(page, '#error'),
      note: await text(page, '#backend-note'),
    };
  } catch (error) {
    return { error: `nothing was said: ${error.message}` };
  } finally {
    await context.close();
  }
}

try {
  const broken = {};
  const asked = JSON.parse(readFileSync(join(folder, 'faults.json'), 'utf8'));
  for (const name of asked.length ? asked : Object.keys(FAULTS)) broken[name] = await breakIt(FAULTS[name]);
  console.info(JSON.stringify(broken));
} finally {
  await browser.close(); // a browser that is left open keeps this process
}
