// Be sigfix's runner of TensorFlow.js, the real one, whose result then meets with a fault:
// node runner.mjs REQUEST.json, with the real runner in REAL and the fault's name in FAULT.

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const resultFile = join(request.output_dir, 'result.json');
writeFileSync(process.argv[2], JSON.stringify({ ...request, watch: false }));
spawnSync(process.execPath, [process.env.REAL, process.argv[2]], { stdio: 'inherit' });
const result = JSON.parse(readFileSync(resultFile, 'utf8'));

function each(change) {
  for (const run of result.runs) for (const output of run.outputs) change(output);
}

function numbers(change) {
  each((output) => {
    const bytes = readFileSync(output.file);
    const raw = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const values = new Float32Array(raw);
    const span = Math.max(...values) - Math.min(...values);
    writeFileSync(output.file, Buffer.from(values.map((value) => change(value, span)).buffer));
  });
}

const FAULTS = {
  as_it_is: () => {},
  answers_nothing: () => { result.runs = []; },
  a_run_less: () => { result.runs.pop(); },
  no_outputs: () => { for (const run of result.runs) run.outputs = []; },
  an_output_less: () => { for (const run of result.runs) run.outputs.pop(); },
  swapped: () => {
    for (const run of result.runs) {
      const [one, other] = run.outputs;
      [one.name, other.name] = [other.name, one.name];
    }
  },
  off_by_a_hundredth: () => numbers((value, span) => value + 0.01 * span),
  zeros: () => numbers(() => 0),
  not_a_number: () => numbers(() => NaN),
  empty: () => each((output) => { output.shape = [0]; writeFileSync(output.file, ''); }),
  truncated: () => each((output) => writeFileSync(output.file, readFileSync(output.file).subarray(0, 4))),
  lost: () => { rmSync(resultFile); process.exit(0); },
  killed: () => { rmSync(resultFile); process.kill(process.pid, 'SIGKILL'); },
};

FAULTS[process.env.FAULT]();
writeFileSync(resultFile, JSON.stringify(result));
