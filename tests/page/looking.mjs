// Looks at a bundle's page in Chromium: what scripts that do so share.
//
// Their arguments: MODULES ADDRESS FOLDER CHROMIUM [FLAG...]. MODULES is a node_modules with
// playwright-core and axe-core.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, address, folder, program, ...flags] = process.argv.slice(2);
const require = createRequire(join(modules, 'here.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
export const LONG = 60_000;

export const launch = (more) => chromium.launch({ executablePath: program, args: [...flags, ...more] });
export const browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
export const messages = [];
export const strangers = [];

/** A new page at a path of the bundle, watched; `prepare` is called before it is loaded. */
export async function open(options = {}, prepare = async () => {}, path = '') {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(LONG);
  const said = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|blob:|data:)/.test(request.url())) strangers.push(request.url());
  });
  await prepare(page);
  await page.goto(new URL(path, address).href);
  return { page, context, said };
}

export const text = (page, selector) => page.locator(selector).textContent();
export const until = (page, words) => page.waitForFunction((pattern) => (
  new RegExp(pattern).test(document.getElementById('status').textContent)), words, { timeout: LONG })
  .catch(async () => {
    throw new Error(`waited for "${words}": ${await text(page, '#status')} ${await text(page, '#error')}`);
  });
/** Take the status away, so that what comes next is known to be new. */
export const forget = (page) => page.evaluate(() => { document.getElementById('status').textContent = ''; });
export const give = async (page, name) => {
  await forget(page);
  await page.setInputFiles('#file', join(folder, name));
};
export const downloaded = async (page) => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  return JSON.parse(readFileSync(await download.path(), 'utf8'));
};
export const wide = (page) => page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
export const barriers = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 80)} ${failureSummary}`).join(' | ')}`);
};
