import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { info, tensor } from '../../lib/index.js';
import { Arguments, call } from './call.js';
import { rowOf } from './calls/index.js';
import { openCases } from './read/cases.js';
import type { Arg, ModuleManifest, OpManifest } from './read/format.js';
import { checkGauge } from './check/gauge.js';
import { camel, libraryName } from './names.js';
import { makeReport, type Report } from './report.js';
import { replayModule } from './replay-module.js';
import { replayError, replaySample, type OpCases } from './replay.js';
import type { Output } from './check/results.js';
import { runUnits, type UnitResult } from './run.js';
import type { StoredTensor } from './read/stored.js';
import { makeTensor } from './tensors.js';
import { checkIndices } from './check/ties.js';

// The runner itself: that what is wrong is found, and that what kills a process is counted.

const cases = openCases(path.join(import.meta.dirname, 'data'), 'ops');

function opCases(name: string): OpCases {
  const { manifest, tensors } = cases.read(name);
  return { name, manifest: manifest as OpManifest, stored: tensors, row: rowOf(name)! };
}

/** The op with the first element of one stored tensor changed. */
function damaged(op: OpCases, ref: string): OpCases {
  const stored = new Map(op.stored);
  const { data, ...rest } = stored.get(ref)!;
  const copy = Float32Array.from(data as Float32Array);
  copy[0]! += 1;
  return { ...op, stored: stored.set(ref, { ...rest, data: copy }) };
}

test('a wrong value, gradient or second gradient fails, each in its part', () => {
  const op = opCases('mul');
  const sample = op.manifest.samples.find(({ dtype, grad_grads }) => dtype === 'float32' && grad_grads)!;
  expect(replaySample(op, sample)).toMatchObject({
    status: 'passed',
    parts: { values: true, grads: true, 'second grads': true },
  });
  const first = (record: Readonly<Record<string, string | null>>) =>
    Object.values(record).find((ref) => ref !== null && op.stored.get(ref)!.data.length > 0)!;
  const out = (sample.out as { ref: string }).ref;
  const whatFails = (ref: string) => replaySample(damaged(op, ref), sample).failures.map(({ what }) => what);
  expect(whatFails(out)).toContain('values');
  expect(whatFails(first(sample.grads!))).toContain('grads');
  expect(whatFails(first(sample.grad_grads!))).toEqual(['second grads']);
});

test('of a module a wrong result, gradient of an input or a parameter, or state fails, each in its part', () => {
  const file = openCases(path.join(import.meta.dirname, 'data'), 'modules').read('nn.BatchNorm3d');
  const sample = (file.manifest as ModuleManifest).samples.find(({ state_after }) => state_after)!;
  const whatFails = (ref: string) => {
    const stored = new Map(file.tensors);
    const { data, ...rest } = stored.get(ref)!;
    stored.set(ref, {
      ...rest,
      data: Float32Array.from(data as Float32Array, (v, i) => (i === 0 ? v + 1 : v)),
    });
    const { status, failures } = replayModule('nn.BatchNorm3d', sample, stored);
    expect(status).toBe('failed');
    return failures.map(({ what, detail }) => `${what}: ${detail.split(':')[0]}`);
  };
  expect(replayModule('nn.BatchNorm3d', sample, file.tensors)).toMatchObject({
    status: 'passed',
    parts: { values: true, grads: true, state: true },
  });
  expect(whatFails((sample.out as { ref: string }).ref)).toEqual(['values: out']);
  expect(whatFails(sample.state_after!.running_var!)).toEqual(['state: running_var']);
  expect(whatFails(sample.grads!['param.weight']!)).toEqual(['grads: gradient of param.weight']);
  expect(whatFails(sample.grads!['args.0']!)).toEqual(['grads: gradient of args.0']);
});

test('a wrong dtype or shape fails', () => {
  const op = opCases('exp');
  const sample = op.manifest.samples.find(({ dtype }) => dtype === 'float32')!;
  const ref = (sample.out as { ref: string }).ref;
  const { dtype, shape, data } = op.stored.get(ref)!;
  const withOut = (stored: StoredTensor) =>
    replaySample({ ...op, stored: new Map(op.stored).set(ref, stored) }, sample).failures[0]?.detail;
  expect(withOut({ dtype: 'float64', shape, data })).toMatch(/dtype/);
  expect(withOut({ dtype, shape: [1, ...shape], data })).toMatch(/shape/);
});

test('a call that does not throw, or throws an error of JavaScript, fails where an error is wanted', () => {
  const op = opCases('exp');
  const { args, kwargs } = op.manifest.samples[0]!;
  const sample = { id: 'exp#e', args, kwargs, message: 'as a test' };
  expect(replayError(op, sample).failures[0]?.detail).toMatch(/did not throw/);
  const crooked = call('self', { run: () => (undefined as unknown as string).length });
  expect(replayError({ ...op, row: crooked }, sample).failures[0]?.detail).toMatch(/TypeError/);
});

test('strides are rebuilt, and show the stored values', () => {
  const stored: StoredTensor = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  for (const strides of [
    [1, 2],
    [12, 4],
    [2, 8],
  ]) {
    const x = makeTensor(stored, strides);
    expect(x.strides).toEqual(strides);
    expect(x.tolist()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  }
  const rows: StoredTensor = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 1, 2, 3) };
  expect(makeTensor(rows, [0, 1]).strides).toEqual([0, 1]);
  expect(makeTensor(rows, [0, 1]).tolist()).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
});

const argsOf = (op: string, x: ReturnType<typeof tensor>, ...more: Arg[]): Arguments =>
  new Arguments(rowOf(op)!, { args: [{ t: 'tensor', ref: '0' }, ...more], kwargs: {} }, () => x);

test('where values tie another index is right, if it is there once and has the value', () => {
  const x = tensor([3, 1, 1], { dtype: 'float32' });
  const stored = new Map([['w', { dtype: 'int64', shape: [3], data: BigInt64Array.of(1n, 2n, 0n) }]]);
  const check = (indices: number[]) =>
    checkIndices(
      { path: 'out.1', got: tensor(indices), want: { t: 'tensor', ref: 'w' } },
      stored,
      'sort',
      argsOf('sort', x),
    );
  expect(check([1, 2, 0])).toBeUndefined();
  expect(check([2, 1, 0])).toBeUndefined();
  expect(check([1, 1, 0])).toMatch(/twice/);
  expect(check([0, 1, 2])).toMatch(/has 3, wanted 1/);
  expect(check([1, 2, 3])).toMatch(/index 3 of 3/);
});

test('factors must give the matrix back and be orthogonal', () => {
  const x = tensor([
    [0, -2],
    [1, 0.5],
  ]);
  const matrix = (data: number[]): StoredTensor => ({
    dtype: 'float32',
    shape: [2, 2],
    data: Float32Array.from(data),
  });
  const stored = new Map([
    ['q', matrix([0, -1, 1, 0])],
    ['r', matrix([1, 0.5, 0, 2])],
  ]);
  const check = (q: number[], r: number[]) => {
    const outputs: Output[] = [
      { path: 'out.0', got: makeTensor(matrix(q)), want: { t: 'tensor', ref: 'q' } },
      { path: 'out.1', got: makeTensor(matrix(r)), want: { t: 'tensor', ref: 'r' } },
    ];
    return checkGauge('linalg.qr', outputs, argsOf('linalg.qr', x), stored);
  };
  expect(check([0, -1, 1, 0], [1, 0.5, 0, 2])).toBeUndefined();
  expect(check([0, 1, -1, 0], [-1, -0.5, 0, -2])).toBeUndefined();
  expect(check([0, -1, 1, 0], [1, 0.5, 0, 3])).toMatch(/product of the factors/);
  expect(check([0, -2, 2, 0], [0.5, 0.25, 0, 1])).toMatch(/not orthogonal/);
});

test('names', () => {
  expect(camel('max_pool2d_with_indices')).toBe('maxPool2dWithIndices');
  expect(camel('index_put_')).toBe('indexPut_');
  expect(libraryName('nn.functional.max_pool2d')).toBe('F.maxPool2d');
  expect(libraryName('linalg.svd:invariant')).toBe('linalg.svd');
  expect(libraryName('div/floor_rounding')).toBe('div');
});

test('a sample that kills the process has failed; those before and behind it count', async () => {
  const results: UnitResult[] = [];
  await runUnits(
    { cases: '', kind: 'ops', units: ['deadly', 'mild'] },
    info().name,
    (result) => results.push(result),
    path.join(import.meta.dirname, 'dying-worker.ts'),
  );
  expect(
    results.map(({ name, outcomes }) => [name, outcomes.map(({ id, status }) => `${id} ${status}`)]),
  ).toEqual([
    ['deadly', ['a passed', 'b failed', 'c passed']],
    ['mild', ['d passed']],
  ]);
  expect(results[0]!.outcomes[1]!.failures[0]).toMatchObject({
    what: 'crash',
    detail: expect.stringMatching(/SIGSEGV/) as string,
  });
  expect(makeReport('ops', info().name, results).totals).toEqual({ passed: 3, failed: 1, unsupported: 0 });
});

const main = path.join(import.meta.dirname, 'main.ts');
const start = (...args: string[]) => ['--import', 'tsx', main, '--backend', info().name, ...args];

test('the command prints a line an op and one for all, and writes the same as JSON', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'conformance-'));
  const json = path.join(folder, 'report.json');
  const text = execFileSync(
    process.execPath,
    start('--op', 'exp,complex', '--list-unsupported', '--json', json),
    {
      encoding: 'utf8',
    },
  );
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  rmSync(folder, { recursive: true });
  const lines = text.trim().split('\n');
  const { passed, failed, unsupported } = report.totals;
  expect(lines[0]).toMatch(/^exp: passed \d+, failed \d+, unsupported \d+$/);
  expect(lines.at(-1)).toBe(`passed ${passed}, failed ${failed}, unsupported ${unsupported}`);
  expect(text).toMatch(/^complex: \d+ unsupported: the group Complex is left out$/m);
  expect(report.ops.map(({ name }) => name)).toEqual(['exp', 'complex']);
  expect(report.ops.reduce((sum, op) => sum + op.unsupportedSamples.length, 0)).toBe(unsupported);
});

test.each([
  [['--kind', 'dreams'], 'no kind dreams'],
  [['--cases', '/nowhere'], 'no cases of kind ops in /nowhere'],
  [['--op', 'nothing'], 'no op nothing'],
  [['--write-known', '--op', 'exp'], '--write-known takes all cases'],
])('%j is refused', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, start(...args), { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
