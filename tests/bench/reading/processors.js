// TensorFlow.js 4.22 starts half as many threads as there are processors, whatever it was told.
Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4 });
