// What a model does for inputs of one form, written down once and then done again, kernel by kernel.
//
// TensorFlow.js's graph executor spends 5 to 10 microseconds on each operator however small it is:
// a sixth of a small recogniser. The second time that inputs have the same shapes and types, the
// same kernels are called with the same attributes, and nothing else. Where a model's attributes
// could depend on anything but the form of its inputs, nothing is written down.

/** Forms of inputs that a model remembers. */
const MOST_TAPES = 16;

/** Kinds of operators whose result has a shape that follows from shapes and constants alone. */
const STEADY = new Set([
  'arithmetic', 'basic_math', 'convolution', 'creation', 'graph', 'logical', 'matrices',
  'normalization', 'reduction', 'slice_join', 'transformation',
]);
const OWN = /^Sigfix/;
const DRAWN = /^(Random|Multinomial|TruncatedNormal)/;

function isSteady(graph) {
  return Object.values(graph.nodes).every(({ op, category }) => (
    OWN.test(op) || (STEADY.has(category) && !DRAWN.test(op))));
}

function formOf(inputs, outputs) {
  const names = Object.keys(inputs).sort();
  return JSON.stringify([names.map((name) => [name, inputs[name].dtype, inputs[name].shape]), outputs]);
}

/** Writes down which kernels run, and what they read, while a function does. */
class Recorder {
  constructor(tf, weights) {
    this.engine = tf.engine();
    this.getKernel = tf.getKernel;
    this.weights = weights; // ids of tensors that live as long as the model
    this.slots = new Map(); // ids of tensors -> where they are in `values`
    this.computed = new Set(); // data ids of inputs, and of what came of their values
    this.values = []; // constants; undefined where a run puts its own
    this.kept = [];
    this.steps = [];
    this.fits = true;
    this.depth = 0;
  }

  slotOf(tensor) {
    const known = this.slots.get(tensor.id);
    if (known !== undefined) return known;
    if (!this.weights.has(tensor.id)) this.kept.push(this.engine.keep(tensor));
    this.slots.set(tensor.id, this.values.length);
    return this.values.push({ dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype }) - 1;
  }

  /** A place for what is put there anew in each run; `isFixed`: the same each time. */
  place(tensor, isFixed = false) {
    if (!isFixed) this.computed.add(tensor.dataId);
    this.slots.set(tensor.id, this.values.length);
    return this.values.push(undefined) - 1;
  }

  step(name, inputs, attrs, found) {
    const read = Object.entries(inputs).filter(([, tensor]) => tensor != null);
    if (read.some(([, tensor]) => tensor.id === undefined)) this.fits = false;
    const given = Array.isArray(inputs) ? [...inputs] : { ...inputs };
    const reads = [];
    for (const [key, tensor] of read) {
      const slot = this.slotOf(tensor);
      given[key] = this.values[slot];
      if (!given[key]) reads.push([key, slot]);
    }
    const isFixed = !read.some(([, tensor]) => this.computed.has(tensor.dataId));
    const writes = [found].flat().map((tensor) => [this.place(tensor, isFixed), tensor.shape]);
    const run = this.getKernel(name, 'wasm').kernelFunc;
    this.steps.push({ run, given, reads, writes, attrs, free: [] });
  }

  /** What `action` returns, with its kernels written down. */
  record(action) {
    const { engine } = this;
    const { runKernel, readSync, read } = engine;
    const watched = (original) => (dataId) => {
      // Outside of a kernel a value can become an attribute of another one.
      if (this.depth === 0 && this.computed.has(dataId)) this.fits = false;
      return original.call(engine, dataId);
    };
    engine.readSync = watched(readSync);
    engine.read = watched(read);
    engine.runKernel = (name, inputs, attrs) => {
      this.depth += 1;
      try {
        const found = runKernel.call(engine, name, inputs, attrs);
        if (this.depth === 1) this.step(name, inputs, attrs, found);
        return found;
      } finally {
        this.depth -= 1;
      }
    };
    try {
      return action();
    } catch (error) {
      this.forget();
      throw error;
    } finally {
      for (const name of ['runKernel', 'readSync', 'read']) delete engine[name];
    }
  }

  forget() {
    this.kept.forEach((tensor) => tensor.dispose());
  }

  /** The tape of what was recorded; null where it cannot be played again. */
  tape(inputs, outputs) {
    const ends = outputs.map((tensor) => this.slots.get(tensor.id));
    const own = new Set(this.steps.flatMap(({ writes }) => writes.map(([slot]) => slot)));
    if (!this.fits || new Set(ends).size < ends.length || !ends.every((slot) => own.has(slot))) {
      this.forget();
      return null;
    }
    const last = new Map();
    this.steps.forEach(({ reads, writes }, at) => {
      for (const [slot] of writes) last.set(slot, at);
      for (const [, slot] of reads) last.set(slot, at);
    });
    for (const [slot, at] of last) {
      if (own.has(slot) && !ends.includes(slot)) this.steps[at].free.push(slot);
    }
    return { steps: this.steps, values: this.values, starts: inputs, ends, kept: this.kept };
  }
}

const sameShape = (one, other) => one.length === other.length
  && one.every((size, axis) => size === other[axis]);

/** Play a tape: the outputs, as what kernels return, or null where a shape is another one now. */
function play(tape, inputs, backend) {
  const values = [...tape.values];
  const own = new Set(); // places that hold what this run has to free
  for (const [name, slot] of tape.starts) values[slot] = inputs[name];
  const free = (slot) => {
    backend.disposeData(values[slot].dataId);
    own.delete(slot);
  };
  try {
    for (const { run, given, reads, writes, attrs, free: done } of tape.steps) {
      for (const [key, slot] of reads) given[key] = values[slot];
      const result = run({ inputs: given, attrs, backend });
      const found = Array.isArray(result) ? result : [result];
      for (let i = 0; i < found.length; i += 1) {
        const [slot] = writes[i];
        values[slot] = found[i];
        own.add(slot);
      }
      if (found.length !== writes.length
          || !writes.every(([slot, shape]) => sameShape(values[slot].shape, shape))) return null;
      for (const slot of done) free(slot);
    }
    for (const slot of tape.ends) own.delete(slot);
    return tape.ends.map((slot) => values[slot]);
  } finally {
    for (const slot of own) free(slot);
  }
}

/** Let a model play tapes where it can; it is the same model otherwise. */
export function useTapes(tf, kit, model) {
  const { executor } = model;
  if (!isSteady(executor.graph)) return;
  const engine = tf.engine();
  const tapes = new Map();
  const forget = (key) => {
    tapes.get(key)?.kept.forEach((tensor) => tensor.dispose());
    tapes.delete(key);
  };
  const plain = executor.execute.bind(executor);
  const isWatched = () => engine.state.profiling || engine.isTapeOn() || tf.env().getBool('DEBUG')
    || tf.env().getBool('KEEP_INTERMEDIATE_TENSORS') || !kit.serves(tf.backend());

  function recorded(key, inputs, outputs) {
    const weights = new Set(Object.values(executor.weightMap).flat().map((tensor) => tensor.id));
    const recorder = new Recorder(tf, weights);
    const starts = Object.entries(inputs).map(([name, tensor]) => [name, recorder.place(tensor)]);
    const found = recorder.record(() => plain(inputs, outputs));
    if (new Set(Object.values(inputs).map(({ id }) => id)).size < starts.length) recorder.fits = false;
    tapes.set(key, recorder.tape(starts, found));
    if (tapes.size > MOST_TAPES) forget(tapes.keys().next().value);
    return found;
  }

  executor.execute = (inputs, outputs) => {
    if (isWatched()) return plain(inputs, outputs);
    const key = formOf(inputs, outputs);
    if (!tapes.has(key)) return recorded(key, inputs, outputs);
    const tape = tapes.get(key);
    const found = tape && play(tape, inputs, tf.backend());
    if (found) return found.map((info) => engine.makeTensorFromTensorInfo(info, tf.backend()));
    if (tape) forget(key);
    return plain(inputs, outputs);
  };
  const dispose = model.dispose.bind(model);
  model.dispose = () => {
    for (const key of [...tapes.keys()]) forget(key);
    dispose();
  };
}
