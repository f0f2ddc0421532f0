// Where pictures come from: files that are chosen, dropped or pasted, and the camera.

const element = (id) => document.getElementById(id);

/** The first picture or PDF among files; any file where there is none, for the reader to say so. */
const pictureOf = (files) => [...files].find(
  ({ type }) => type.startsWith('image/') || type === 'application/pdf') ?? files[0];

function chosen(take) {
  const input = element('file');
  input.addEventListener('change', () => {
    if (input.files.length) take(input.files[0]);
    input.value = ''; // so that the same file can be chosen again
  });
}

function dropped(take) {
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
    if (event.dataTransfer.files.length) take(pictureOf(event.dataTransfer.files));
  });
}

function pasted(take) {
  document.addEventListener('paste', (event) => {
    if (event.clipboardData.files.length) take(pictureOf(event.clipboardData.files));
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

function photographed(take, fail) {
  const [dialog, video, button] = ['camera-dialog', 'video', 'camera'].map(element);
  const stop = () => {
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  button.disabled = !navigator.mediaDevices?.getUserMedia;
  if (button.disabled) button.title = 'Browsers give the camera to pages over https or on localhost.';
  button.addEventListener('click', async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment', width: { ideal: 1920 } },
      });
    } catch (error) {
      fail(`The camera cannot be used (${error.message}). Allow it in the browser's settings for this `
        + 'page, or choose a file.');
      return;
    }
    dialog.showModal();
    await video.play();
  });
  element('take').addEventListener('click', async () => {
    const frame = await frameOf(video);
    dialog.close();
    take(frame);
  });
  element('close-camera').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', stop);
}

function sampled(take, address) {
  element('sample').addEventListener('click', async () => take(await (await fetch(address)).blob()));
}

/**
 * Hand on each picture that the user gives.
 * @param {{sample: URL, take: (picture: Blob) => void, fail: (message: string) => void}} options
 */
export function listen({ sample, take, fail }) {
  chosen(take);
  dropped(take);
  pasted(take);
  photographed(take, fail);
  sampled(take, sample);
}
