// What goes wrong, in words for who uses the page or writes it.

/** An error with what to do next in its message. */
export class OcrError extends Error {
  /** @param {string} message @param {{cause?: unknown}} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = 'OcrError';
  }
}

/**
 * Throw where a run was aborted.
 * @param {AbortSignal | undefined} signal
 */
export function checkAborted(signal) {
  if (signal?.aborted) throw signal.reason ?? new DOMException('Aborted', 'AbortError');
}
