import { expect, it } from 'vitest';
import { passNames } from '../../lib/compile/passes.js';
import { compile, ones, type Tensor } from '../../lib/index.js';
import { records } from './support.js';

const whereRecorded = it.skipIf(!records);

it('says that there are no programs where there are none', () => {
  const fn = compile((x: Tensor) => x.add(1), { name: 'increment' });
  expect(String(fn.explain())).toBe('increment: no programs');
  expect(fn.explain().listing()).toBe('');
});

whereRecorded('tells of each program its nodes, its memory and its passes', () => {
  const fn = compile((x: Tensor) => x.add(1).mul(2).matmul(x).sum(), { name: 'chain' });
  fn(ones([64, 64]));
  fn(ones([64, 64]));
  fn(ones([32, 32]));
  const explanation = fn.explain();
  expect(explanation.programs.map(({ calls }) => calls)).toEqual([0, 1]);
  const [program] = explanation.programs;
  expect(program!.nodesBefore).toBe(4);
  expect(program!.nodesAfter).toBeLessThanOrEqual(4);
  expect(program!.arenaBytes).toBeLessThanOrEqual(program!.eagerPeakBytes);
  expect(program!.passes.length).toBeGreaterThan(0);
  const text = String(explanation);
  expect(text).toContain('chain, program 1');
  expect(text).toContain('chain, program 2');
  expect(text).toContain('nodes: 4 recorded');
  for (const { name } of program!.passes) expect(text).toContain(`pass ${name}: `);
  expect(explanation.listing()).toContain('matmul');
});

whereRecorded('measures nodes with profile, in a table and as a trace', () => {
  const fn = compile((x: Tensor) => x.matmul(x).exp().sum(), { profile: true });
  for (let i = 0; i < 4; i++) fn(ones([64, 64]));
  const explanation = fn.explain();
  const { nodes } = explanation.programs[0]!;
  expect(nodes.every(({ microseconds }) => microseconds !== undefined && microseconds >= 0)).toBe(true);
  expect(nodes.some(({ microseconds }) => microseconds! > 0)).toBe(true);
  expect(String(explanation)).toContain('us per call');
  const { traceEvents } = JSON.parse(explanation.chromeTrace()) as {
    traceEvents: { ph: string; name: string; ts: number; dur: number }[];
  };
  const events = traceEvents.filter(({ ph }) => ph === 'X');
  expect(events.map(({ name }) => name)).toEqual(nodes.map(({ op }) => op));
  events.slice(1).forEach(({ ts }, i) => expect(ts).toBeCloseTo(events[i]!.ts + events[i]!.dur, 6));
});

whereRecorded('passes may be chosen by name, and gradients dropped', () => {
  const all = compile((x: Tensor) => x.add(1));
  all(ones([2]));
  const names = all.explain().programs[0]!.passes.map(({ name }) => name);
  // The last is done where memory is planned, and changes no node.
  expect(passNames).toEqual([...names, 'inPlace']);
  const one = compile((x: Tensor) => x.add(1), { passes: names.slice(0, 1) });
  expect([one(ones([2])).tolist(), one(ones([2])).tolist()]).toEqual([
    [2, 2],
    [2, 2],
  ]);
  const w = ones([2], { requiresGrad: true });
  const drop = compile(
    () => {
      w.grad = null;
      w.square().sum().backward();
    },
    { keepGrads: false },
  );
  for (let i = 0; i < 3; i++) {
    drop();
    expect(() => w.grad).toThrow(/keepGrads/);
  }
  w.grad = null;
  expect(w.grad).toBeNull();
});
