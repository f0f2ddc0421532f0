// Pictures as the browser opens them, and what a file is that it cannot open.

/** What cannot be done with a file, with what to do. */
export class PictureError extends Error {}

import { checkSize } from '../ocr/source.js';

const LOOKED_AT = 1024; // bytes of a file
const AS_JPEG = 'Save it as JPEG or PNG, and give that.';

/** What files are that a browser may not open, by how they begin, as text of one byte a letter. */
const OTHERS = [
  [/^.{4}ftyp(hei[cfmsx]|he[iv]c|hevx|mif1|msf1)/s, 'This is an HEIC photograph, which this browser cannot '
    + `open. ${AS_JPEG} (iPhone: Settings, Camera, Formats, Most Compatible.)`],
  [/^.{4}ftypavi[fs]/s, `This is an AVIF picture, which this browser cannot open. ${AS_JPEG}`],
  [/^(II\*\0|MM\0\*)/, `This is a TIFF picture or a camera's raw file, which this browser cannot open. ${AS_JPEG}`],
  [/^8BPS/, `This is a Photoshop file. ${AS_JPEG}`],
  [/^(.{4}jP {2}|\xff\x4f\xff\x51)/s, `This is a JPEG 2000 picture, which this browser cannot open. ${AS_JPEG}`],
  [/^PK\x03\x04/, 'This is an archive or an office document. Save its pages as PDF, or its pictures as PNG.'],
  [/^\xd0\xcf\x11\xe0/, 'This is an office document. Save its pages as PDF.'],
  [/^.{4}ftyp|^\x1a\x45\xdf\xa3/s, 'This is a video. Give a picture of it.'],
  [/<svg/i, 'This drawing (SVG) cannot be opened. Save it as PNG, and give that.'],
  [/^(\x89PNG|\xff\xd8|GIF8|RIFF.{4}WEBP|BM)/s, 'This picture is damaged: the browser cannot decode it. '
    + 'Download or save it again.'],
];

const OTHERWISE = 'This is no picture that the browser can open. It opens PNG, JPEG, WebP and GIF.';

/** Why a file is no picture here, with what to do. */
async function whyNot(blob) {
  if (!blob.size) return 'This file is empty, or no longer there. Download or save it again.';
  const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, LOOKED_AT).arrayBuffer()));
  return OTHERS.find(([form]) => form.test(start))?.[1] ?? OTHERWISE;
}

/**
 * Open a picture in an image element, in the place of the one before. What is too large is refused
 * before its pixels are decoded, which may be more than the device has memory for.
 * @param {HTMLImageElement} image
 * @param {Blob} blob
 */
export async function openIn(image, blob) {
  URL.revokeObjectURL(image.src);
  const opened = new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
  });
  image.src = URL.createObjectURL(blob);
  try {
    await opened;
  } catch {
    throw new PictureError(await whyNot(blob));
  }
  checkSize({ width: image.naturalWidth, height: image.naturalHeight });
}
