// The worker of sigfix-ocr on a computer of four processors, where TensorFlow.js has two threads.

Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });
const { serve } = await import('/ocr/serve.js');
serve();
postMessage({ ready: true });
