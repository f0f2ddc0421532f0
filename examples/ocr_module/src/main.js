// The page: sigfix-ocr in a worker, and one picture at a time.

import { loadOcr } from 'sigfix-ocr';

const file = document.getElementById('file');
const status = document.getElementById('status');
const text = document.getElementById('text');
const models = new URL(`${import.meta.env.BASE_URL}models/`, document.baseURI);

/** What is wrong is said on the page, and not only in the console. */
function fail(error) {
  status.textContent = error.message;
  status.className = 'failed';
}

async function read(ocr, picture) {
  status.textContent = 'Reading ...';
  status.className = '';
  const result = await ocr.read(picture, {
    onProgress: ({ stage, done, total }) => {
      status.textContent = `${stage}: ${done} of ${total}`;
    },
  });
  text.textContent = result.toText();
  const words = result.pages.flatMap(({ blocks }) => blocks)
    .flatMap(({ lines }) => lines).flatMap((line) => line.words);
  status.textContent = `${words.length} words.`;
}

try {
  const ocr = await loadOcr({
    worker: new Worker(new URL('./reader.js', import.meta.url), { type: 'module' }),
    detection: new URL('detection/model.json', models).href,
    recognition: new URL('recognition/model.json', models).href,
  });
  file.addEventListener('change', () => read(ocr, file.files[0]).catch(fail));
  file.disabled = false;
  status.textContent = 'Ready.';
} catch (error) {
  fail(error); // a model that is not there, or a backend that did not start
}
