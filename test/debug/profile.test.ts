import { describe, expect, test } from 'vitest';
import type { Profile } from '../../lib/index.js';
import {
  conv2d,
  crossEntropy,
  customOp,
  info,
  nn,
  noGrad,
  ones,
  optim,
  profile,
  randint,
  randn,
  ValueError,
  type Tensor,
} from '../../lib/index.js';

const find = (run: Profile, name: string, phase: 'forward' | 'backward') =>
  run.ops.find((op) => op.name === name && op.phase === phase);

describe('profile', () => {
  test('counts what runs, forward and backward apart', () => {
    const w = randn([30, 20], { requiresGrad: true });
    const x = randn([10, 30]);
    const run = profile(() => x.matmul(w).sum());
    expect(find(run, 'matmul', 'forward')?.calls).toBe(1);
    expect(find(run, 'matmul', 'backward')).toBeUndefined();
    expect(run.value.shape).toEqual([]);
    const { ops } = profile(() => run.value.backward());
    expect(ops.every((op) => op.phase === 'backward' || op.name === 'full')).toBe(true);
    expect(ops.find((op) => op.name === 'matmul')?.calls).toBe(1);
  });

  test('says what was written and how fast products were', () => {
    const [x, w] = [randn([64, 128]), randn([128, 32])];
    const run = profile(() => {
      x.matmul(w);
      x.matmul(w);
      x.t();
      x.add_(1);
    });
    const matmul = find(run, 'matmul', 'forward')!;
    expect(matmul.calls).toBe(2);
    expect(matmul.bytes).toBe(2 * 64 * 32 * 4);
    const flops = 2 * 2 * 64 * 128 * 32;
    expect(matmul.gflops).toBeCloseTo(flops / (matmul.totalMs * 1e6), 6);
    expect(matmul.meanUs).toBeCloseTo((matmul.totalMs * 1000) / 2, 6);
    expect(find(run, 'permute', 'forward')?.bytes).toBe(0);
    expect(find(run, 'add', 'forward')).toMatchObject({ calls: 1, bytes: 64 * 128 * 4, gflops: 0 });
  });

  test('flops of a convolution, forward and both gradients', () => {
    const x = randn([2, 4, 9, 9], { requiresGrad: true });
    const w = randn([6, 4, 3, 3], { requiresGrad: true });
    const run = profile(() => conv2d(x, w).sum().backward());
    const flops = 2 * (2 * 6 * 7 * 7) * (4 * 3 * 3);
    for (const [name, phase] of [
      ['convolution', 'forward'],
      ['convolutionInputGrad', 'backward'],
      ['convolutionWeightGrad', 'backward'],
    ] as const) {
      const op = find(run, name, phase)!;
      expect(op.gflops * op.totalMs * 1e6).toBeCloseTo(flops, 0);
    }
  });

  test('times fit into each other', () => {
    const run = profile(() => {
      for (let i = 0; i < 20; ++i) randn([100, 100]).exp().sum();
    });
    let last = 0;
    for (const { start, duration } of run.events) {
      expect(start).toBeGreaterThanOrEqual(last - 1e-3);
      expect(duration).toBeGreaterThanOrEqual(0);
      last = start + duration;
    }
    expect(last).toBeLessThanOrEqual(run.wallMs * 1000 + 1);
    const share = run.ops.reduce((sum, op) => sum + op.share, 0);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(1.001);
  });

  test('a training step: nothing is left out, and the numbers of ops are those of the counters', () => {
    const model = new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 3));
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const [x, y] = [randn([5, 8]), randint(0, 3, [5])];
    const step = (): void => {
      optimizer.zeroGrad();
      crossEntropy(model.forward(x), y).backward();
      optimizer.step();
    };
    step();
    const run = profile(step);
    expect(run.dropped).toBe(0);
    if (info().name === 'native') {
      expect(run.ops.map((op) => op.name)).toEqual(
        expect.arrayContaining(['linear', 'crossEntropy', 'crossEntropyBackward', 'adamStep']),
      );
    }
    expect(run.ops.reduce((sum, op) => sum + op.calls, 0)).toBe(run.events.length);
  });

  test('what a custom op runs in its gradient is backward', () => {
    const cube = customOp({
      forward(ctx, x: Tensor) {
        ctx.save(x);
        return x.pow(3);
      },
      backward: (ctx, grad) => grad!.mul(ctx.saved[0]!.square()).mul(3),
    });
    const x = ones([3], { requiresGrad: true });
    const run = profile(() => cube(x).sum().backward());
    expect(find(run, 'square', 'backward')?.calls).toBe(1);
    expect(find(run, 'pow', 'forward')?.calls).toBe(1);
  });

  test('maxEvents bounds what is noted, and the table says so', () => {
    const x = ones([4]);
    const work = (): void => {
      for (let i = 0; i < 10; ++i) x.add(1);
    };
    const run = profile(work, { maxEvents: 4 });
    expect([run.events.length, run.dropped]).toEqual([4, 6]);
    expect(run.toString()).toContain('6 ops beyond the limit of maxEvents');
    expect(profile(work, { maxEvents: 0 }).ops).toEqual([]);
  });

  test('afterwards nothing is noted, also after an error', () => {
    expect(() =>
      profile(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    ones([3]).add(1);
    const run = profile(() => ones([3]).mul(2));
    expect(run.ops.some((op) => op.name === 'add')).toBe(false);
    expect(find(run, 'mul', 'forward')?.calls).toBe(1);
  });

  test('refuses what cannot be', async () => {
    // @ts-expect-error a promise
    expect(() => profile(() => Promise.resolve(1))).toThrow(ValueError);
    expect(() => profile(() => profile(() => 1))).toThrow('[profile] got a profile within a profile');
    expect(() => profile(() => 1, { maxEvents: -1 })).toThrow(ValueError);
    expect(() => profile(() => 1, { events: 1 } as never)).toThrow(ValueError);
    expect(() => profile(3 as never)).toThrow(ValueError);
    expect(profile(() => 1).value).toBe(1);
    await Promise.resolve();
  });
});

describe('the table', () => {
  const run = profile(() =>
    noGrad(() =>
      randn([50, 50])
        .matmul(randn([50, 50]))
        .exp()
        .add(1),
    ),
  );

  test('has a line for each op and one for the rest', () => {
    const lines = run.table().split('\n');
    expect(lines[0]).toMatch(/^Op +Phase +Calls +Total ms +Mean us +Share +Written +GFLOP\/s$/);
    for (const { name } of run.ops) expect(lines.some((line) => line.startsWith(`${name} `))).toBe(true);
    expect(run.table()).toContain('(between ops)');
    expect(String(run)).toBe(run.table());
  });

  test('can be sorted and cut', () => {
    const names = (text: string) => text.split('\n').map((line) => line.split(' ')[0]);
    const sorted = run.ops.map((op) => op.name).sort((a, b) => a.localeCompare(b));
    expect(names(run.table({ sortBy: 'name' })).slice(1, sorted.length + 1)).toEqual(sorted);
    const cut = run.table({ sortBy: 'bytes', limit: 1 });
    expect(cut).toContain(`(${run.ops.length - 1} more)`);
    expect(() => run.table({ sortBy: 'speed' as never })).toThrow(ValueError);
    expect(() => run.table({ limit: -1 })).toThrow(ValueError);
  });
});

describe('the trace', () => {
  interface TraceEvent {
    name: string;
    cat?: string;
    ph: string;
    ts: number;
    dur?: number;
    pid: number;
    tid: number;
    args: Record<string, unknown>;
  }

  test('is what the viewers of Chrome read', () => {
    const w = randn([20, 10], { requiresGrad: true });
    const run = profile(() => randn([5, 20]).matmul(w).sum().backward());
    const { traceEvents } = JSON.parse(run.toChromeTrace()) as { traceEvents: TraceEvent[] };
    for (const event of traceEvents) {
      expect(['X', 'M']).toContain(event.ph);
      expect([event.pid, event.tid].every(Number.isInteger)).toBe(true);
      expect(Number.isFinite(event.ts)).toBe(true);
      if (event.ph === 'X') expect(event.dur).toBeGreaterThanOrEqual(0);
    }
    const ops = traceEvents.filter((event) => event.cat === 'forward' || event.cat === 'backward');
    expect(ops).toHaveLength(run.events.length);
    const matmul = ops.find((event) => event.name === 'matmul')!;
    expect(matmul.args['inputs']).toEqual(['float32[5, 20]', 'float32[20, 10]']);
    expect(matmul.args['outputs']).toEqual(['float32[5, 10]']);
    expect(matmul.args['bytes']).toBe(200);
    // All ops lie within the profile.
    const whole = traceEvents.find((event) => event.cat === 'profile')!;
    for (const { ts, dur } of ops) expect(ts + dur!).toBeLessThanOrEqual(whole.dur! + 1);
  });
});
