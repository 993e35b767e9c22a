import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { info } from '../../lib/index.js';
import { optimStrictly as optim } from './kinds/optim.js';
import { entryFor, knownFile, readKnown } from './known.js';
import { openCases } from './read/cases.js';
import type { OptimIndex, OptimManifest } from './read/format.js';
import { replayOptimizer } from './replay-optimizer.js';

// Every trajectory of PyTorch's optimizers and every schedule on the active backend: parameters after each of five steps,
// the state in the end; learning rates over thirty steps.

const cases = openCases(path.join(import.meta.dirname, 'data'), 'optim');
const known = readKnown('optim', info().name);
const names = optim.names(cases);
const seen = new Set<string>();

describe('as PyTorch', () => {
  test.each(names)('%s', (name) => {
    const wrong: string[] = [];
    for (const job of optim.unit(cases, name).jobs) {
      const { id, status, failures, op, dtype } = job.run();
      const entry = entryFor(known, { op, id, dtype });
      if (entry !== undefined) seen.add(entry);
      if (status === 'failed' && entry === undefined)
        wrong.push(...failures.map(({ what, detail }) => `${id}: ${what}: ${detail}`));
      if (status === 'passed' && entry !== undefined)
        wrong.push(`${id} passes, but ${knownFile('optim', info().name)} lists ${entry}`);
    }
    expect(wrong).toEqual([]);
  });
});

test('every known failure names a case', () => {
  expect([...known.keys()].filter((entry) => !seen.has(entry))).toEqual([]);
});

test('all cases are there', () => {
  const { optimizers, lr_schedulers } = cases.index as OptimIndex;
  const counts = names.map((name) => optim.unit(cases, name).jobs.length);
  const total = optimizers.reduce((sum, { samples }) => sum + samples, lr_schedulers);
  expect(counts.reduce((sum, count) => sum + count)).toBe(total);
});

test('a step that is off by a ten-thousandth fails, in parameters and in state', () => {
  const { manifest, tensors } = cases.read('Adam');
  const sample = (manifest as OptimManifest).samples.find(({ kwargs }) => 'lr' in kwargs)!;
  const off = (ref: string) => {
    const { data, ...rest } = tensors.get(ref)!;
    const moved = Float32Array.from(data as Float32Array, (value) => value * 1.0001);
    return replayOptimizer('Adam', sample, new Map(tensors).set(ref, { ...rest, data: moved }), true);
  };
  const state = sample.state_after!['0']!['exp_avg'] as { readonly ref: string };
  expect(off(sample.expected[4]![0]!).parts).toEqual({ values: false, state: true });
  expect(off(state.ref).parts).toEqual({ values: true, state: false });
});
