// Uses the app of examples/ocr_module: node app.mjs MODULES ADDRESS PICTURE SCREENSHOT CHROMIUM
// [CHROMIUM-FLAG...].
//
// MODULES is a node_modules with playwright-core. What the app showed is printed as JSON: of a
// picture, without its .wasm files, and without a model.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, address, picture, screenshot, program, ...flags] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, 'here.js'))('playwright-core');
const LIMIT = 120_000;

const browser = await chromium.launch({ executablePath: program, args: flags });

/** The app in a new page, of which some files are not there. */
async function open(missing) {
  const context = await browser.newContext({ viewport: { width: 900, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  const said = [];
  const strangers = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => {
    if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(address)) {
      strangers.push(request.url());
    }
  });
  if (missing) await context.route(missing, (route) => route.fulfill({ status: 404, body: 'gone' }));
  await page.goto(address);
  return { page, context, said, strangers };
}

const status = (page) => page.locator('#status').textContent();

async function use() {
  const { page, context, said, strangers } = await open();
  await page.waitForSelector('#file:enabled');
  await page.setInputFiles('#file', picture);
  await page.waitForFunction(() => / words\.$/.test(document.getElementById('status').textContent));
  await page.screenshot({ path: screenshot });
  const found = { text: await page.locator('#text').textContent(), status: await status(page) };
  await context.close();
  return { ...found, said, strangers };
}

async function without(files) {
  const { page, context } = await open(files);
  await page.waitForSelector('#status.failed');
  const found = await status(page);
  await context.close();
  return found;
}

console.log(JSON.stringify({
  used: await use(),
  noWasm: await without('**/*.wasm'),
  noModel: await without('**/models/recognition/*.bin'),
}));
await browser.close();
