// The file that is shown: a picture, or a PDF, one of whose pages is chosen.

import { isPdf, openPdf } from './pdf.js';

const element = (id) => document.getElementById(id);

/** A picture as a document of one page. */
const single = (blob) => ({ pages: 1, draw: async () => blob, close: () => {} });

/** Whether a file is something; where it cannot be read at all, what to do. */
async function readably(answer) {
  try {
    return await answer;
  } catch (error) {
    throw new Error(`This file cannot be read (${error.message}). Is it a folder, or was it moved? Give a `
      + 'file that lies on this device.', { cause: error });
  }
}

export class Pages {
  #folder;
  #document = null;

  /**
   * @param {URL | null} folder of pdf.js
   * @param {(turn: () => Promise<void>) => void} read called with what turns to the page that is
   *   chosen
   */
  constructor(folder, read) {
    this.#folder = folder;
    this.number = 1;
    const turnTo = (number) => read(async () => this.#turn(number));
    element('page-number').addEventListener('change', ({ target }) => turnTo(target.valueAsNumber));
    element('page-before').addEventListener('click', () => turnTo(this.number - 1));
    element('page-after').addEventListener('click', () => turnTo(this.number + 1));
  }

  /** Whether a file is open. */
  get there() {
    return this.#document !== null;
  }

  /**
   * Open a file in the place of the one before.
   * @param {Blob} file
   * @param {AbortSignal} signal
   */
  async open(file, signal) {
    this.#document?.close();
    this.#document = null;
    element('pages').hidden = true;
    const opened = await readably(isPdf(file)) ? await openPdf(file, this.#folder) : single(file);
    if (signal.aborted) opened.close();
    signal.throwIfAborted();
    this.#document = opened;
    this.#turn(1);
  }

  #turn(number) {
    const { pages } = this.#document;
    this.number = Math.min(Math.max(Math.trunc(number) || 1, 1), pages);
    const input = element('page-number');
    input.max = pages;
    input.value = this.number;
    element('page-count').textContent = `of ${pages}`;
    element('page-before').disabled = this.number === 1;
    element('page-after').disabled = this.number === pages;
    element('pages').hidden = pages === 1;
  }

  /**
   * The page that is chosen.
   * @param {AbortSignal} signal
   * @returns {Promise<Blob>}
   */
  async picture(signal) {
    return this.#document.draw(this.number, signal);
  }
}
