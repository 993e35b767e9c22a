// Makes test/golden/*.json from reference cases of PyTorch:
//   node --import tsx scripts/make-golden.mjs FOLDER
// FOLDER holds ops/index.json, ops/NAME.json and ops/NAME.safetensors. Everything that is left out is left out by a
// rule here or in test/golden/call.ts, and counted by rule in the file.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calls } from '../test/golden/call.ts';
import { Args } from '../test/golden/sample.ts';

const perOp = 6;
const mostElements = 1500;
const mostElementsOfAFile = 4000;
const dtypes = { F32: 'float32', F64: 'float64', I64: 'int64', I32: 'int32', U8: 'uint8', BOOL: 'bool' };
const argKinds = [
  'tensor',
  'none',
  'ellipsis',
  'int',
  'float',
  'bool',
  'str',
  'dtype',
  'list',
  'tuple',
  'slice',
];

const source = process.argv[2];
if (source === undefined) {
  console.error('usage: node --import tsx scripts/make-golden.mjs FOLDER');
  process.exit(1);
}
const target = fileURLToPath(new URL('../test/golden/data/', import.meta.url));

function readSafetensors(path) {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const tensors = {};
  for (const [key, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const data = bytes.subarray(8 + length + offsets[0], 8 + length + offsets[1]).toString('base64');
    tensors[key] = { dtype: dtypes[dtype], shape, data };
  }
  return tensors;
}

/** Keys of all tensors that a sample refers to. */
function refsOf(sample) {
  const refs = [];
  const visit = (arg) => {
    if (arg.t === 'tensor' && arg.ref !== undefined) refs.push(arg.ref);
    else if (Array.isArray(arg.v)) arg.v.forEach((one) => typeof one === 'object' && visit(one));
  };
  sample.args.forEach(visit);
  Object.values(sample.kwargs).forEach(visit);
  visit(sample.out);
  for (const name of ['cotangents', 'grads', 'grad_cotangents', 'grad_grads']) {
    refs.push(...Object.values(sample[name] ?? {}).filter((ref) => ref !== null));
  }
  return [...new Set(refs)];
}

function kindsOf(sample) {
  const kinds = new Set();
  const visit = (arg) => {
    kinds.add(arg.t);
    if (['list', 'tuple', 'slice'].includes(arg.t)) arg.v.forEach(visit);
    if (arg.t === 'int' && typeof arg.v === 'string') kinds.add('int beyond 2^53');
  };
  sample.args.forEach(visit);
  Object.values(sample.kwargs).forEach(visit);
  return kinds;
}

/** Why a sample is left out, or undefined. */
function reasonToSkip(name, sample, tensors) {
  if (sample.check !== 'values') return `check is ${sample.check}`;
  for (const kind of kindsOf(sample)) if (!argKinds.includes(kind)) return `argument of kind ${kind}`;
  const refs = refsOf(sample);
  if (refs.some((ref) => tensors[ref].dtype === undefined)) return 'dtype that the library does not have';
  const args = new Args(
    calls[name].names,
    sample,
    (ref) => tensors[ref],
    (value) => value,
  );
  if (args.problem !== undefined) return args.problem;
  const unsupported = calls[name].skip?.(args);
  if (unsupported !== undefined) return unsupported;
  const elements = refs.reduce((sum, ref) => sum + tensors[ref].shape.reduce((a, b) => a * b, 1), 0);
  if (elements > mostElements) return `more than ${mostElements} elements`;
  return undefined;
}

/** Second order first, then one of each dtype in turn, the smaller ones first. */
function choose(samples, sizeOf) {
  const chosen = samples.filter((sample) => sample.grad_grads !== undefined).slice(0, 2);
  const queues = new Map();
  for (const sample of samples) {
    if (chosen.includes(sample)) continue;
    if (!queues.has(sample.dtype)) queues.set(sample.dtype, []);
    queues.get(sample.dtype).push(sample);
  }
  for (const queue of queues.values()) queue.sort((a, b) => sizeOf(b) - sizeOf(a));
  while (chosen.length < perOp && [...queues.values()].some((queue) => queue.length > 0)) {
    for (const queue of queues.values()) {
      const sample = queue.shift();
      if (sample !== undefined && chosen.length < perOp) chosen.push(sample);
    }
  }
  return chosen;
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const index = JSON.parse(readFileSync(join(source, 'ops/index.json'), 'utf8'));
let samplesMade = 0;
for (const name of Object.keys(calls)) {
  const entry = index.ops.find((op) => op.name === name);
  if (entry === undefined) {
    console.error(`${name}: not in ${source}`);
    continue;
  }
  const file = entry.file.replace(/\.json$/, '');
  const manifest = JSON.parse(readFileSync(join(source, 'ops', `${file}.json`), 'utf8'));
  const tensors = readSafetensors(join(source, 'ops', `${file}.safetensors`));
  const sizeOf = (sample) =>
    refsOf(sample).reduce((sum, ref) => sum + tensors[ref].shape.reduce((a, b) => a * b, 1), 0);
  const skipped = {};
  const skip = (reason) => (skipped[reason] = (skipped[reason] ?? 0) + 1);
  const usable = manifest.samples.filter((sample) => {
    const reason = reasonToSkip(name, sample, tensors);
    if (reason !== undefined) skip(reason);
    return reason === undefined;
  });
  let chosen = choose(usable, sizeOf);
  let total = 0;
  chosen = chosen.filter((sample) => (total += sizeOf(sample)) <= mostElementsOfAFile);
  for (let i = chosen.length; i < usable.length; ++i) skip(`beyond ${perOp} samples an op`);
  const kept = {};
  const samples = chosen.map((sample) => {
    for (const ref of refsOf(sample)) kept[ref] = tensors[ref];
    const { id, dtype, args, kwargs, check, out, tol, cotangents, grads, grad_tol } = sample;
    const { grad_cotangents, grad_grads, grad_grad_tol } = sample;
    return {
      id,
      dtype,
      args,
      kwargs,
      check,
      out,
      tol,
      cotangents,
      grads,
      grad_tol,
      grad_cotangents,
      grad_grads,
      grad_grad_tol,
    };
  });
  samplesMade += samples.length;
  if (samples.length === 0) console.error(`${name}: no sample is left: ${JSON.stringify(skipped)}`);
  const golden = {
    op: name,
    torch: index.torch,
    ties: manifest.ties === true,
    skipped,
    samples,
    tensors: kept,
  };
  writeFileSync(join(target, `${file}.json`), `${JSON.stringify(golden)}\n`);
}
const bytes = readdirSync(target).reduce((sum, file) => sum + statSync(join(target, file)).size, 0);
console.log(`${samplesMade} samples of ${Object.keys(calls).length} ops, ${(bytes / 1e6).toFixed(2)} MB`);
