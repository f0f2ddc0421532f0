// The page: pictures in, text out. Reading itself happens in the worker of sigfix-ocr.

import { loadOcr } from '../ocr/index.js';
import { backendsOf } from './backends.js';
import { kindOf } from './kinds.js';
import { Pages } from './pages.js';
import { openIn } from './pictures.js';
import { ocrOptions, readBundle } from './settings.js';
import { listen } from './sources.js';
import { clear, connect, show } from './view.js';

const base = new URL('../', import.meta.url);
const element = (id) => document.getElementById(id);
const LOADING = 'Loading the models …';
const NOTHING_TO_RUN_ON = 'This browser gives neither WebAssembly nor WebGL nor WebGPU, and models run on one '
  + 'of them. Use a newer browser; where it is locked down (iPhone: Lockdown Mode), allow this page.';
const STAGES = { detection: 'Finding words', orientation: 'Turning words', recognition: 'Reading words' };

let bundle;
let kind; // of page, by the models of the bundle
let loading; // a promise of the reader, or null
let loaded = false; // whether it has come
let reading = null; // the AbortController of what is being read
let last = null; // the document that is shown
let pages; // of the file that is shown

function say(text, part = null) {
  element('status').textContent = text;
  const progress = element('progress');
  progress.hidden = part === null;
  if (part === undefined || Number.isNaN(part)) progress.removeAttribute('value');
  else if (part !== null) progress.value = part;
}

function fail(text) {
  const heading = document.createElement('strong');
  heading.textContent = 'This did not work.';
  element('error').replaceChildren(heading, text);
  element('error').hidden = false;
}

function recover() {
  element('error').hidden = true;
}

/** Load the models for the backend that is chosen; the ones before are given up. */
async function load() {
  const before = loading;
  loading = (async () => {
    (await before?.catch(() => null))?.dispose();
    if (!element('backend').value) throw new Error(NOTHING_TO_RUN_ON);
    say(LOADING, NaN);
    const ocr = await loadOcr(ocrOptions(bundle, base, element('backend').value));
    if (!reading) say('Ready.');
    return ocr;
  })();
  try {
    loaded = false;
    await loading;
    loaded = true;
  } catch (error) {
    say('The models are not loaded.');
    fail(error.message);
  }
}

function progressed({ stage, done, total }) {
  const counted = total > 1 ? ` (${done} of ${total})` : '';
  say(`${STAGES[stage]}${counted} …`, stage === 'recognition' ? done / Math.max(total, 1) : NaN);
}

/**
 * Read a file that is given: a picture, or the first page of a PDF.
 * @param {Blob} file
 * @param {number} [more] files that were given with it
 */
async function take(file, more = 0) {
  const left = more ? ` One file is read at a time: ${more} more ${more === 1 ? 'was' : 'were'} left out.` : '';
  await read((signal) => pages.open(file, signal), left);
}

/** What a promise gives, but not for longer than it is waited for. */
function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    promise.then(resolve, reject);
  });
}

/** The page that is chosen after `next` is done, shown and read; it says nothing once it is aborted. */
async function readPage(next, signal) {
  say('Opening …', NaN);
  await next(signal);
  const blob = await pages.picture(signal);
  signal.throwIfAborted();
  element('result').hidden = true;
  await openIn(element('picture'), blob);
  signal.throwIfAborted();
  element('result').hidden = false;
  if (!loaded) say(LOADING, NaN);
  const ocr = await loading;
  signal.throwIfAborted();
  // Drawings are decoded by image elements alone; of all else that would stop this thread.
  const source = blob.type === 'image/svg+xml' ? element('picture') : blob;
  return ocr.read(source, { signal, onProgress: (step) => signal.aborted || progressed(step) });
}

/** Read the page that is chosen after `next` is done, and say so, with `more` words. */
async function read(next, more = '') {
  reading?.abort();
  const own = new AbortController();
  reading = own;
  recover();
  clear();
  last = null;
  element('result').classList.add('empty');
  element('cancel').hidden = false;
  try {
    const found = await unlessAborted(readPage(next, own.signal), own.signal);
    if (reading !== own) return;
    found.pages[0].page_idx = pages.number - 1;
    last = found;
    show(found, kind);
    say(kind.said(found.pages[0]) + more);
  } catch (error) {
    if (reading !== own) return;
    if (error.name === 'AbortError') {
      say('Cancelled.');
    } else {
      say('Nothing was read.');
      element('result').hidden = true;
      fail(error.message);
    }
  } finally {
    if (reading === own) {
      reading = null;
      element('cancel').hidden = true;
      element('result').classList.toggle('empty', !last);
    }
  }
}

async function copy() {
  const text = last?.toText() ?? '';
  try {
    await navigator.clipboard.writeText(text);
    say('The text is copied.');
  } catch {
    getSelection().selectAllChildren(element('lines'));
    say('The text is selected: copy it with Ctrl+C.');
  }
}

function offerBackends() {
  const [select, note] = [element('backend'), element('backend-note')];
  const backends = backendsOf(bundle);
  select.replaceChildren(...backends.map(({ name, title, there }) => {
    const option = new Option(there ? title : `${title}: not here`, name);
    option.disabled = !there;
    return option;
  }));
  select.value = backends.find(({ there }) => there)?.name ?? '';
  const noted = backends.filter(({ name, there, note: text }) => text && (name === 'wasm' || !there));
  note.textContent = noted.map(({ note: text }) => text).join(' ');
  note.hidden = !noted.length;
  select.addEventListener('change', async () => {
    reading?.abort();
    recover();
    await load();
    if (pages.there) read(async () => {});
  });
}

/** Say what this page is for. */
function dress() {
  kind = kindOf(bundle);
  document.title = kind.title;
  const places = { title: kind.title, hint: kind.hint, sample: kind.sample, 'text-title': kind.result };
  for (const [id, text] of Object.entries(places)) element(id).textContent = text;
  element('copy').hidden = !kind.hasText;
}

async function start() {
  say('Loading …', NaN);
  bundle = await readBundle(base);
  dress();
  offerBackends();
  connect();
  pages = new Pages(bundle.pdf && new URL(bundle.pdf, base), read);
  listen({ sample: new URL(bundle.sample, base), take, fail });
  element('cancel').addEventListener('click', () => reading?.abort());
  element('copy').addEventListener('click', copy);
  await load();
}

try {
  await start();
} catch (error) {
  say('The page cannot start.');
  fail(error.message);
}
