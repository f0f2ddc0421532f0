// Where pictures come from: files that are chosen, dropped or pasted, and the camera.

const element = (id) => document.getElementById(id);

/** The first picture or PDF among files; any file where there is none, for the reader to say so. */
const pictureOf = (files) => [...files].find(
  ({ type }) => type.startsWith('image/') || type === 'application/pdf') ?? files[0];

function chosen(give) {
  const input = element('file');
  input.addEventListener('change', () => {
    if (input.files.length) give(input.files);
    input.value = ''; // so that the same file can be chosen again
  });
}

function dropped(give) {
  const zone = element('drop');
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) zone.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    give(event.dataTransfer.files, 'What was dropped is no file. Save the picture, and drop the file.');
  });
}

function pasted(give) {
  document.addEventListener('paste', (event) => {
    if (event.target.matches?.('[type="number"]')) return;
    give(event.clipboardData.files, 'There is no picture in what was pasted. Copy a picture or a file.');
  });
}

/** A frame of a video as a picture. */
async function frameOf(video) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
}

/** What to do where the camera does not start, by the name of the error. */
const WITHOUT_CAMERA = {
  NotAllowedError: 'Allow it in the browser\'s settings for this page, or choose a file.',
  NotFoundError: 'There is none here: choose a file.',
  NotReadableError: 'Another program may use it: close that, or choose a file.',
};

function photographed(take, fail) {
  const [dialog, video, button, shutter] = ['camera-dialog', 'video', 'camera', 'take'].map(element);
  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  button.disabled = !navigator.mediaDevices?.getUserMedia;
  if (button.disabled) button.title = 'Browsers give the camera to pages over https or on localhost.';
  button.addEventListener('click', async () => {
    button.disabled = true; // a second camera is not opened while a visitor is asked
    shutter.disabled = true;
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1920 } },
      });
    } catch (error) {
      fail(`The camera cannot be used (${error.message}). `
        + (WITHOUT_CAMERA[error.name] ?? 'Choose a file.'));
      return;
    } finally {
      button.disabled = false;
    }
    dialog.showModal();
    await video.play().catch(() => null); // it was closed at once
  });
  video.addEventListener('loadeddata', () => {
    shutter.disabled = false;
  });
  shutter.addEventListener('click', async () => {
    const frame = await frameOf(video);
    dialog.close();
    take(frame);
  });
  element('close-camera').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', stop);
}

function sampled(take, fail, address) {
  element('sample').addEventListener('click', async () => {
    let picture;
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
      picture = await answer.blob();
    } catch (error) {
      fail(`The sample cannot be fetched (${error.message}). It comes over the network: `
        + 'choose a file, or try again.');
      return;
    }
    take(picture);
  });
}

/**
 * Hand on each picture that the user gives.
 * @param {{sample: URL, take: (picture: Blob, more?: number) => void,
 *   fail: (message: string) => void}} options `more` files were given with it
 */
export function listen({ sample, take, fail }) {
  const give = (files, otherwise) => {
    if (files.length) take(pictureOf(files), files.length - 1);
    else fail(otherwise);
  };
  chosen(give);
  dropped(give);
  pasted(give);
  photographed(take, fail);
  sampled(take, fail, sample);
}
