// Small models, each run several times by loadModel and plainly: node tape.mjs PACKAGES KERNELS
//
// Prints {model: [largest difference, runs that were played from a tape, tensors left behind]}.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance, start } from './tensorflow.mjs';

const [packages, kernels] = process.argv.slice(2);
const tf = await start(packages);
const { loadModel, useFastKernels } = await import(pathToFileURL(join(kernels, 'index.mjs')));

const T = { T: { type: 'DT_FLOAT' } };
const node = (name, op, input = [], attr = {}) => ({ name, op, input, attr });
const INPUT = node('x', 'Placeholder', [], {
  dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '-1' }, { size: '4' }] } },
});
const SECOND = { ...INPUT, name: 'z' };
const CONSTANTS = {
  w: [[4, 4], 'float32', Array.from({ length: 16 }, (_, i) => Math.sin(i))],
  one: [[], 'int32', [1]], zero: [[], 'int32', [0]], flat: [[1], 'int32', [-1]],
  size: [[2], 'int32', [1, 2]], pair: [[2], 'int32', [3, 4]], seven: [[], 'float32', [7]],
  axes: [[1], 'int32', [1]], first: [[1], 'int32', [0]], single: [[2], 'int32', [1, 1]],
  ones: [[1], 'int32', [1]], four: [[1], 'int32', [4]],
};
const constants = Object.keys(CONSTANTS).map((name) => node(name, 'Const'));
const MODELS = {
  steady: [INPUT, node('p', 'MatMul', ['x', 'w'], T), node('s', 'Shape', ['p']),
    node('r', 'Relu', ['p']), node('q', 'Reshape', ['r', 'flat']), node('k', 'Reshape', ['q', 's']),
    node('y', 'AddV2', ['k', 'x'])],
  filled: [INPUT, node('f', 'Fill', ['size', 'seven']), node('m', 'Mean', ['f', 'axes']),
    node('d', 'Range', ['zero', 'one', 'one']), node('c', 'Cast', ['d'], {
      SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }),
    node('a', 'AddV2', ['m', 'c']), node('j', 'Mul', ['x', 'a']), node('t', 'Shape', ['x']),
    node('i', 'Cast', ['t'], { SrcT: { type: 'DT_INT32' }, DstT: { type: 'DT_FLOAT' } }),
    node('e', 'Mean', ['i', 'first']), node('y', 'AddV2', ['j', 'e'])],
  parts: [INPUT, node('u', 'Split', ['one', 'x'], { num_split: { i: '2' } }),
    node('v', 'Sub', ['u:1', 'u']), node('y', 'ConcatV2', ['v', 'u', 'v', 'one'])],
  // A shape that is computed from shapes alone is an attribute of the next operator.
  shaped: [INPUT, node('s', 'Shape', ['x']), node('b', 'StridedSlice', ['s', 'first', 'flat', 'ones'], {
    begin_mask: { i: '1' }, end_mask: { i: '0' }, shrink_axis_mask: { i: '0' },
    ellipsis_mask: { i: '0' }, new_axis_mask: { i: '0' } }),
    node('o', 'ConcatV2', ['b', 'four', 'zero']), node('w4', 'BroadcastTo', ['seven', 'o']),
    node('y', 'Mul', ['x', 'w4'])],
  two: [INPUT, SECOND, node('h', 'Mul', ['z', 'w']), node('y', 'Sub', ['x', 'h'])],
  // What must not be played: attributes from values, random numbers.
  begins: [INPUT, node('g', 'ArgMax', ['x', 'one'], { output_type: { type: 'DT_INT32' } }),
    node('o', 'ConcatV2', ['first', 'g', 'zero']), node('y', 'Slice', ['x', 'o', 'single'])],
  drawn: [INPUT, node('n', 'RandomUniform', ['pair'], { dtype: { type: 'DT_FLOAT' } }),
    node('l', 'Mul', ['n', 'seven']), node('y', 'AddV2', ['x', 'l'])],
  itself: [INPUT, node('y', 'Identity', ['x'])],
  weight: [INPUT, node('y', 'Identity', ['w'])],
};

function artifactsOf(nodes) {
  const used = new Set(nodes.flatMap(({ input }) => input.map((name) => name.split(':')[0])));
  const kept = Object.entries(CONSTANTS).filter(([name]) => used.has(name));
  const bytes = kept.map(([, [, dtype, values]]) => (
    new Uint8Array((dtype === 'int32' ? Int32Array : Float32Array).from(values).buffer)));
  return {
    modelTopology: {
      node: [...constants.filter(({ name }) => used.has(name)), ...nodes], versions: {},
    },
    weightSpecs: kept.map(([name, [shape, dtype]]) => ({ name, shape, dtype })),
    weightData: Uint8Array.from(bytes.flatMap((each) => [...each])).buffer,
  };
}

await useFastKernels(tf);
const engine = tf.engine();
const found = {};
const held = () => tf.memory().numTensors + tf.backend().numDataIds();
for (const [name, nodes] of Object.entries(MODELS)) {
  const before = held();
  const load = async () => artifactsOf(nodes);
  const [plain, fast] = [await tf.loadGraphModel({ load }), await loadModel({ load })];
  let [most, played] = [0, 0];
  for (const rows of [1, 3, 1, 3, 3, 1]) {
    // These two take one row alone.
    if (rows > 1 && ['begins', 'two'].includes(name)) continue;
    const given = {};
    for (const { name: key, op } of nodes) {
      if (op === 'Placeholder') given[key] = tf.randomNormal([rows, 4]);
    }
    const run = (model) => {
      const result = model.execute(given, 'y');
      const values = [...result.dataSync()];
      if (!Object.values(given).includes(result)) result.dispose();
      return [...values, ...result.shape];
    };
    let ran = 0;
    const { runKernel } = engine;
    const answers = [plain, fast].map((model) => {
      ran = 0;
      engine.runKernel = (...args) => { ran += 1; return runKernel.apply(engine, args); };
      const answer = run(model);
      delete engine.runKernel;
      return answer;
    });
    if (ran === 0) played += 1;
    most = Math.max(most, distance(...answers));
    tf.dispose(given);
  }
  plain.dispose();
  fast.dispose();
  found[name] = [Number.isFinite(most) ? most : 'infinite', played, held() - before];
}
// The same tensor twice says nothing of what two would give.
const load = async () => artifactsOf(MODELS.two);
const [plain, fast] = [await tf.loadGraphModel({ load }), await loadModel({ load })];
const [a, b] = [tf.randomNormal([4, 4]), tf.randomNormal([4, 4])];
fast.execute({ x: a, z: a }, 'y').dispose();
const [one, other] = [plain, fast].map((model) => model.execute({ x: a, z: b }, 'y').dataSync());
found.twice = [distance(one, other), 0, 0];
process.stdout.write(JSON.stringify(found));
