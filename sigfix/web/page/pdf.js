// Pages of PDFs as pictures, drawn by pdf.js, which is loaded with the first PDF.

const SCALE = 2; // 144 pixels an inch, as docTR draws pages
const LARGEST_SIDE = 8192; // in pixels: the largest canvas of all browsers
const MARK = '%PDF-';
const MARK_WITHIN = 1024; // bytes: so far in, readers look for it

/** What cannot be done with a PDF, with what to do. */
export class PdfError extends Error {}

const REASONS = {
  PasswordException: 'This PDF is protected with a password. Save a copy of it without one where it can '
    + 'be opened, or a picture of its page, and give that.',
  InvalidPDFException: 'This PDF is damaged: it cannot be opened. Download or save it again.',
};

/** Whether a file is a PDF, whatever its name says. */
export async function isPdf(blob) {
  return (await blob.slice(0, MARK_WITHIN).text()).includes(MARK);
}

/** pdf.js with its workers, from the bundle. */
async function load(folder) {
  const at = (path) => new URL(path, folder).href;
  try {
    const pdfjs = await import(at('pdf.min.mjs'));
    pdfjs.GlobalWorkerOptions.workerSrc = at('pdf.worker.min.mjs');
    pdfjs.GlobalWorkerOptions.rendererSrc = at('pdf.renderer.min.mjs');
    return pdfjs;
  } catch (error) {
    throw new PdfError(`pdf.js, which opens PDFs, cannot be loaded (${error.message}). Copy the folder `
      + 'pdf/ of the bundle again, and load the page anew.', { cause: error });
  }
}

/** A PDF that is open. */
class Pdf {
  #document;

  constructor(document) {
    this.#document = document;
    this.pages = document.numPages;
  }

  /**
   * A page as a picture.
   * @param {number} number from 1 on
   * @param {AbortSignal} signal
   * @returns {Promise<Blob>} a PNG
   */
  async draw(number, signal) {
    const canvas = document.createElement('canvas');
    let task;
    const stop = () => task?.cancel();
    signal.addEventListener('abort', stop);
    try {
      const page = await this.#document.getPage(number);
      const { width, height } = page.getViewport({ scale: 1 });
      const scale = Math.min(SCALE, LARGEST_SIDE / Math.max(width, height));
      const viewport = page.getViewport({ scale });
      [canvas.width, canvas.height] = [viewport.width, viewport.height].map(
        (side) => Math.max(Math.round(side), 1));
      signal.throwIfAborted();
      task = page.render({ canvas, viewport, background: '#ffffff' });
      await task.promise;
      page.cleanup();
      return await new Promise((resolve) => {
        canvas.toBlob(resolve, 'image/png');
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new PdfError(`Page ${number} of this PDF cannot be drawn (${error.message}). Choose another `
        + 'page, or give a picture of it.', { cause: error });
    } finally {
      signal.removeEventListener('abort', stop);
      [canvas.width, canvas.height] = [0, 0]; // some browsers keep its memory for long otherwise
    }
  }

  close() {
    this.#document.loadingTask.destroy();
  }
}

/**
 * Open a PDF.
 * @param {Blob} blob
 * @param {URL | null} folder of pdf.js; null where the bundle has none
 * @returns {Promise<Pdf>}
 */
export async function openPdf(blob, folder) {
  if (!folder) {
    throw new PdfError('This page reads pictures alone: it was made where pdf.js could not be fetched. '
      + 'Give a picture of the PDF\'s page, or make the folder again: sigfix bundle.');
  }
  const pdfjs = await load(folder);
  const at = (path) => new URL(path, folder).href;
  const task = pdfjs.getDocument({
    data: new Uint8Array(await blob.arrayBuffer()),
    cMapUrl: at('cmaps/'),
    standardFontDataUrl: at('fonts/'),
    iccUrl: at('icc/'),
    wasmUrl: at('wasm/'),
    verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
  try {
    return new Pdf(await task.promise);
  } catch (error) {
    task.destroy();
    throw new PdfError(REASONS[error.name]
      ?? `This PDF cannot be opened (${error.message}). Save it again, or give a picture of its page.`,
    { cause: error });
  }
}
