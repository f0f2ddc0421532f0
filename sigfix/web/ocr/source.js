// Any image as bytes of red, green and blue: what is transparent lies on white paper.

import { OcrError } from './errors.js';

const LARGEST_SIDE = 16_384; // pixels: more is no page, and browsers do not draw it
const LARGEST_AREA = 2 ** 27; // pixels, of seven bytes on their way to a model
const STRIP = 2 ** 22; // pixels that are read from a canvas at once: some browsers draw no more

/**
 * Throw where an image is too large, or empty.
 * @param {{width: number, height: number}} image
 */
export function checkSize({ width, height }) {
  const sides = [width, height];
  const fits = sides.every((side) => Number.isInteger(side) && side > 0 && side <= LARGEST_SIDE);
  if (fits && width * height <= LARGEST_AREA) return;
  throw new OcrError(`An image of ${width} x ${height} pixels cannot be read; its sides must be 1 to `
    + `${LARGEST_SIDE}, and all of it at most ${LARGEST_AREA / 2 ** 20} megapixels. Make it smaller.`);
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
  layOnWhite(data, out, 0);
  return { data: out, width, height };
}

/** Write pixels with alpha into bytes of red, green and blue, from one of these bytes on. */
function layOnWhite(data, out, start) {
  for (let from = 0, to = start; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    for (let channel = 0; channel < 3; channel += 1) {
      const value = data[from + channel];
      out[to + channel] = alpha === 255 ? value
        : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
}

/** The pixels of a bitmap, a strip at a time. */
function fromBitmap(image) {
  const { width, height } = image;
  if (typeof OffscreenCanvas !== 'function') {
    throw new OcrError('Here images are read as {data, width, height}: there is no OffscreenCanvas, which '
      + 'browsers have had since 2023.');
  }
  const strip = Math.min(Math.max(Math.floor(STRIP / width), 1), height);
  const context = new OffscreenCanvas(width, strip).getContext('2d', { willReadFrequently: true });
  const out = new Uint8Array(width * height * 3);
  for (let top = 0; top < height; top += strip) {
    const rows = Math.min(strip, height - top);
    context.clearRect(0, 0, width, strip);
    context.drawImage(image, 0, -top);
    layOnWhite(context.getImageData(0, 0, width, rows).data, out, top * width * 3);
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
    throw new OcrError('This cannot be decoded as an image; browsers read PNG, JPEG, WebP and GIF that are '
      + `not cut off (${error.message.replace(/\.$/, '')}).`, { cause: error });
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
    return fromBitmap(image);
  } finally {
    image.close();
  }
}
