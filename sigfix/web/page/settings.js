// What bundle.json says, as options of sigfix-ocr.

/** The version of bundle.json that this page reads. */
const VERSION = 1;

/** Processors from which on there are threads: TensorFlow.js takes half of them. */
const FOR_THREADS = 4;

/** What can go wrong with the folder itself, with what to do. */
export class BundleError extends Error {}

/**
 * The bundle's manifest.
 * @param {URL} base the folder, with a slash at the end
 */
export async function readBundle(base) {
  const address = new URL('bundle.json', base);
  let bundle;
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
    bundle = await answer.json();
  } catch (error) {
    throw new BundleError(`bundle.json cannot be read (${error.message}). Is the whole folder there, `
      + 'and served over HTTP, as "sigfix serve" does?', { cause: error });
  }
  if (bundle?.sigfix_bundle !== VERSION) {
    throw new BundleError(`bundle.json has the version ${bundle?.sigfix_bundle}, and this page reads `
      + `${VERSION}. Copy all files of one "sigfix bundle" together.`);
  }
  return bundle;
}

/**
 * What loadOcr is given.
 * @param {any} bundle as readBundle gives it
 * @param {URL} base
 * @param {string} backend
 */
export function ocrOptions(bundle, base, backend) {
  const at = (path) => new URL(path, base).href;
  const model = (task) => bundle.models[task] && at(bundle.models[task].path);
  return {
    worker: true,
    backend,
    threads: navigator.hardwareConcurrency >= FOR_THREADS,
    scripts: bundle.backends[backend].map(at),
    wasmPaths: at(bundle.wasm),
    detection: model('detection'),
    recognition: model('recognition'),
    orientation: model('page_orientation')
      ? { page: model('page_orientation'), crop: model('orientation') } : model('orientation'),
  };
}
