// Any image as bytes of red, green and blue: what is transparent lies on white paper.

import { OcrError } from './errors.js';

const LARGEST_SIDE = 16_384; // pixels: more is no page, and browsers do not draw it

/** @param {{width: number, height: number}} image */
function checkSize({ width, height }) {
  const sides = [width, height];
  if (sides.every((side) => Number.isInteger(side) && side > 0 && side <= LARGEST_SIDE)) return;
  throw new OcrError(`An image of ${width} x ${height} pixels cannot be read; `
    + `its sides must be 1 to ${LARGEST_SIDE}.`);
}

/** @returns {import('./resize.js').Picture} */
function fromBytes({ data, width, height }) {
  checkSize({ width, height });
  const channels = data.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw new OcrError(`${data.length} bytes are no image of ${width} x ${height} pixels: `
      + 'three (red, green, blue) or four a pixel are expected.');
  }
  if (channels === 3) return { data: Uint8Array.from(data), width, height };
  const out = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    for (let channel = 0; channel < 3; channel += 1) {
      const value = data[from + channel];
      out[to + channel] = alpha === 255 ? value
        : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { data: out, width, height };
}

/** Whether a value is bytes with a width and a height, as ImageData is. */
export function isBytes(source) {
  return ArrayBuffer.isView(source?.data) && Number.isInteger(source.width);
}

/**
 * What a worker can be sent: bytes as they are, everything else as an ImageBitmap, turned as its
 * EXIF data says.
 * @param {import('./index.d.ts').ImageSource} source
 * @returns {Promise<{data: Uint8Array, width: number, height: number} | ImageBitmap>}
 */
export async function toSendable(source) {
  if (isBytes(source)) return { data: source.data, width: source.width, height: source.height };
  if (typeof createImageBitmap !== 'function') {
    throw new OcrError('Here images are read as {data, width, height}, with bytes of red, green '
      + 'and blue: there is no canvas.');
  }
  try {
    return await createImageBitmap(source, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new OcrError('This cannot be decoded as an image; browsers read PNG, JPEG, WebP and '
      + `GIF (${error.message}).`, { cause: error });
  }
}

/**
 * The pixels of an image.
 * @param {import('./index.d.ts').ImageSource} source
 * @returns {Promise<import('./resize.js').Picture>}
 */
export async function toPicture(source) {
  const image = await toSendable(source);
  if (isBytes(image)) return fromBytes(image);
  try {
    checkSize(image);
    const { width, height } = image;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return fromBytes(context.getImageData(0, 0, width, height));
  } finally {
    image.close();
  }
}
