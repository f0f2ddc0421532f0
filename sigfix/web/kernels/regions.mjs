// Parts of a model that one kernel computes: found in model.json, checked, and put in their place.
//
// `sigfix convert` writes them as userDefinedMetadata.sigfix.regions: {version, regions: [{kind,
// output, inputs, constants, attributes, digest}]}. The digest is of the operators that a region
// consists of; where the topology is no longer what it was, the region stays as it is.

import { LSTM } from './recurrent.mjs';

/** The version of the form that this file reads; another one is left alone. */
export const VERSION = 1;
const LARGEST = 1 << 20;

/** The node of a reference: `^node` and `node:1` are of `node`. */
function nodeOf(reference) {
  const [start, end] = [reference[0] === '^' ? 1 : 0, reference.indexOf(':')];
  return start === 0 && end < 0 ? reference : reference.slice(start, end < 0 ? undefined : end);
}

const isCount = (value) => Number.isInteger(value) && value > 0 && value < LARGEST;

/** What a region of each kind has to be, and what takes its place. */
const KINDS = {
  lstm: {
    fits({ steps, directions, units, turnedIn, turnedOut }, [matrix]) {
      return [steps, directions, units].every(isCount) && directions < 3
        && [turnedIn, turnedOut].every((bits) => Number.isInteger(bits) && bits >= 0 && bits < 4)
        && matrix?.dtype === 'float32' && matrix.shape.length === 2
        && matrix.shape[0] === directions * units && matrix.shape[1] === 4 * directions * units;
    },
    op: LSTM,
  },
};

/** FNV-1a, 32 bits, of a text of ASCII letters; the exporter computes the same. */
function digestOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The names of the operators from `output` back to the inputs; constants are none of them. */
function insideOf(region, nodes) {
  const ends = new Set(region.inputs.map(nodeOf));
  const found = new Set();
  const left = [region.output];
  while (left.length) {
    const name = left.pop();
    const node = nodes.get(name);
    if (!node || found.has(name) || ends.has(name) || node.op === 'Const') continue;
    found.add(name);
    left.push(...(node.input ?? []).map(nodeOf));
  }
  return found;
}

/** Whether what model.json says of a region is true of its topology. */
function holds(region, inside, nodes, readers, specs) {
  const kind = Object.hasOwn(KINDS, region.kind) ? KINDS[region.kind] : null;
  if (!kind || !kind.fits(region.attributes, region.constants.map((name) => specs.get(name)))) {
    return false;
  }
  const text = [...inside].sort()
    .map((name) => `${name} ${nodes.get(name).op} ${(nodes.get(name).input ?? []).join(' ')}\n`);
  return digestOf(text.join('')) === region.digest
    && [...inside].every((name) => name === region.output
      || (readers.get(name) ?? []).every((reader) => inside.has(reader)));
}

/** Who reads each node; the signature reads, too. */
function readersOf(artifacts) {
  const readers = new Map();
  const add = (name, reader) => {
    const known = readers.get(name);
    if (known) known.push(reader);
    else readers.set(name, [reader]);
  };
  for (const node of artifacts.modelTopology.node) {
    for (const reference of node.input ?? []) add(nodeOf(reference), node.name);
  }
  const signature = artifacts.userDefinedMetadata?.signature ?? artifacts.signature;
  for (const { name } of Object.values(signature?.outputs ?? {})) add(nodeOf(name), '(signature)');
  return readers;
}

function wellFormed(region) {
  return region && typeof region.output === 'string' && typeof region.attributes === 'object'
    && [region.inputs, region.constants].every((names) => Array.isArray(names)
      && names.every((name) => typeof name === 'string'));
}

/**
 * The artifacts with regions as single nodes, and `panels`: which constants are packed for them.
 *
 * The artifacts that are given are not changed.
 */
export function withRegions(artifacts) {
  const told = artifacts.userDefinedMetadata?.sigfix?.regions;
  if (told?.version !== VERSION || !Array.isArray(told.regions)) return { artifacts, panels: [] };
  const nodes = new Map(artifacts.modelTopology.node.map((node) => [node.name, node]));
  const specs = new Map((artifacts.weightSpecs ?? []).map((spec) => [spec.name, spec]));
  const readers = readersOf(artifacts);
  const panels = [];
  for (const region of told.regions.filter(wellFormed)) {
    const inside = insideOf(region, nodes);
    if (!inside.size || !holds(region, inside, nodes, readers, specs)) continue;
    for (const name of inside) nodes.delete(name);
    const [matrix] = region.constants;
    const packed = `${region.output}/panels`;
    const attributes = Object.entries(region.attributes).map(([key, value]) => [key, { i: value }]);
    nodes.set(packed, { name: packed, op: 'Const', attr: {} });
    nodes.set(region.output, {
      name: region.output,
      op: KINDS[region.kind].op,
      input: [...region.inputs, packed],
      attr: Object.fromEntries(attributes),
    });
    panels.push({ name: packed, matrix, ...region.attributes });
  }
  const modelTopology = { ...artifacts.modelTopology, node: [...nodes.values()] };
  return { artifacts: { ...artifacts, modelTopology }, panels };
}
