// The worker of sigfix-ocr, which also says how many tensors there are.

import { serve } from '/ocr/serve.js';

addEventListener('message', ({ data }) => {
  if (data.action === 'count') data.port.postMessage(globalThis.tf.memory().numTensors);
});
serve();
