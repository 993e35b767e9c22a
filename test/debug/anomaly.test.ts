import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CallSites } from '../../lib/backend/call-sites.js';
import {
  AnomalyError,
  checkpoint,
  counters,
  customOp,
  detectAnomaly,
  full,
  grad,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  tensor,
  ValueError,
  where,
  zeros,
  type Tensor,
} from '../../lib/index.js';

const lines = readFileSync(import.meta.filename, 'utf8').split('\n');

function caught(fn: () => unknown, options = {}): AnomalyError {
  try {
    detectAnomaly(fn, options);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

/** The line of this file that the error names. */
function lineOf(error: AnomalyError): string {
  const [, file, line] = /^(.*):(\d+):\d+$/.exec(error.location ?? '')!;
  expect(file).toBe(import.meta.filename);
  expect(error.message).toContain(error.location!);
  return lines[Number(line) - 1]!;
}

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float32', requiresGrad: true });

describe('forward', () => {
  test('the op that makes the first NaN, and the line that called it', () => {
    const x = tensor([1, -1], { dtype: 'float32' });
    const error = caught(() => {
      const y = x.mul(2);
      const root = y.sqrt(); // here: root
      return root.add(1);
    });
    expect(error).toMatchObject({ op: 'sqrt', phase: 'forward', found: 'NaN' });
    expect(lineOf(error)).toContain('here: root');
  });

  test('an infinity', () => {
    const error = caught(() => zeros([3]).log());
    expect(error).toMatchObject({ op: 'log', phase: 'forward', found: 'Infinity' });
    expect(detectAnomaly(() => zeros([1]).log().item(), { nanOnly: true })).toBe(-Infinity);
  });

  test('in place', () => {
    const x = tensor([1, 2], { dtype: 'float32' });
    const error = caught(() => x.div_(0)); // here: in place
    expect(error).toMatchObject({ op: 'div', found: 'Infinity' });
    expect(lineOf(error)).toContain('here: in place');
  });

  test('infinities that were asked for are no fault', () => {
    const x = randn([4, 4]);
    const mask = detectAnomaly(() => full([4, 4], -Infinity).triu({ diagonal: 1 }));
    const weights = detectAnomaly(() => x.add(mask).softmax(1));
    expect(weights.sum().item()).toBeCloseTo(4, 4);
    detectAnomaly(() => x.maskedFill(x.gt(0), -Infinity).exp().sum());
    detectAnomaly(() => where(x.gt(0), x, NaN).isnan());
  });

  test('NaN that comes in is told from NaN that is made', () => {
    const x = tensor([NaN, 1], { dtype: 'float32' });
    expect(caught(() => x.mul(2)).message).toContain('holds NaN, which an input of it held before');
    expect(caught(() => x.add_(1)).message).toContain('holds NaN, which an input of it held before');
    expect(caught(() => zeros([2]).div(0)).message).toContain('holds the first NaN');
  });

  test.each(['float16', 'bfloat16', 'float64'] as const)('%s', (dtype) => {
    expect(caught(() => tensor([-1, 4], { dtype }).sqrt()).found).toBe('NaN');
    expect(caught(() => tensor([0, 4], { dtype }).reciprocal()).found).toBe('Infinity');
    expect(detectAnomaly(() => tensor([0, 4], { dtype }).sqrt().tolist())).toEqual([0, 2]);
  });

  test('results that lie in memory with gaps', () => {
    const x = zeros([4, 6]).slice(1, { step: 2 });
    expect(caught(() => x.fill_(1).sub_(2).sqrt_()).op).toBe('sqrt');
  });

  test('inside a layer it is the line that called the layer', () => {
    const model = new nn.Sequential(
      new nn.Linear(4, 4),
      new nn.Sequential(new nn.Softplus(), new nn.Linear(4, 2)),
    );
    noGrad(() => model.parameters()[2]!.fill_(NaN));
    const x = randn([3, 4]);
    const error = caught(() => model.forward(x)); // here: the model
    expect(lineOf(error)).toContain('here: the model');
  });

  test('inside a module of one’s own it is the line in the module', () => {
    class Root extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sub(100).sqrt(); // here: in the module
      }
    }
    const model = new nn.Sequential(new nn.Linear(4, 4), new Root());
    const error = caught(() => model.forward(zeros([2, 4])));
    expect(error.op).toBe('sqrt');
    expect(lineOf(error)).toContain('here: in the module');
  });
});

describe('backward', () => {
  test('the op whose gradient goes wrong, and the line of its call', () => {
    const x = leaf([4, 0]);
    const error = caught(() => {
      const y = x.mul(1);
      const root = y.sqrt(); // here: slope
      const loss = root.sum();
      loss.backward();
    });
    expect(error).toMatchObject({ op: 'sqrt', phase: 'backward', found: 'Infinity' });
    expect(lineOf(error)).toContain('here: slope');
  });

  test('NaN only in the gradient', () => {
    const x = leaf([0, 1]);
    const error = caught(
      () => {
        const norm = x.mul(0).square().sum().sqrt(); // here: norm
        const out = norm.mul(0);
        return grad(out, x);
      },
      { nanOnly: true },
    );
    expect(error).toMatchObject({ op: 'sqrt', phase: 'backward', found: 'NaN' });
    expect(lineOf(error)).toContain('here: norm');
  });

  test('through layers', () => {
    const layer = new nn.Linear(3, 2);
    const x = randn([4, 3]);
    const error = caught(() => {
      const out = layer.forward(x);
      const zero = out.sub(out);
      const loss = zero.pow(0.5).sum(); // here: loss
      loss.backward();
    });
    expect(error.phase).toBe('backward');
    expect(lineOf(error)).toContain('here: loss');
  });

  test('a custom op', () => {
    const broken = customOp({
      name: 'broken',
      forward: (_ctx, x: Tensor) => x.mul(2),
      backward: (_ctx, g) => g!.div(0),
    });
    const x = ones([2], { requiresGrad: true });
    const error = caught(() => {
      const y = broken(x); // here: custom
      y.sum().backward();
    });
    expect(error).toMatchObject({ op: 'customOp:broken', phase: 'backward' });
    expect(lineOf(error)).toContain('here: custom');
  });

  test('a gradient that comes in wrong is said to', () => {
    const x = leaf([1, 2]);
    const error = caught(() => x.mul(3).backward({ gradient: tensor([NaN, 1], { dtype: 'float32' }) }));
    expect(error.message).toContain('holds NaN, which the gradient that came in held before');
  });

  test('under checkpoint', () => {
    const x = leaf([0, 1]);
    const error = caught(() => {
      const y = checkpoint((z: Tensor) => z.sqrt(), x);
      y.sum().backward();
    });
    expect(error.phase).toBe('backward');
    expect(error.op).toBe('sqrt');
  });
});

test('the oldest calls are forgotten, the others keep their lines', () => {
  const sites = new CallSites();
  const error = (node: number): AnomalyError =>
    sites.error('wrong', { op: 'op', backward: true, nan: true, node });
  for (let node = 0; node < 20_000; node += 2) sites.note(node); // here: early
  for (let node = 20_000; node < 40_002; node += 2) sites.note(node); // here: late
  expect(error(1).location).toBeUndefined();
  expect(error(1).message).toBe('wrong');
  expect(lineOf(error(20_001))).toContain('here: late');
  expect(lineOf(error(40_001))).toContain('here: late');
  const few = new CallSites();
  for (let node = 0; node < 20_000; node++) few.note(node); // here: few
  expect(lineOf(few.error('wrong', { op: 'op', backward: true, nan: true, node: 0 }))).toContain('here: few');
});

describe('the scope', () => {
  test('returns what the function returns; a sound training step passes', () => {
    const model = new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.Tanh(),
      new nn.LayerNorm(8),
      new nn.Linear(8, 1),
    );
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const x = randn([6, 4]);
    const loss = detectAnomaly(() => {
      optimizer.zeroGrad();
      const value = model.forward(x).square().mean();
      value.backward();
      optimizer.step();
      return value.item();
    });
    expect(loss).toBeGreaterThan(0);
  });

  test('ends with the function, well or not', () => {
    expect(() => detectAnomaly(() => zeros([1]).log())).toThrow(AnomalyError);
    expect(zeros([1]).log().item()).toBe(-Infinity);
    detectAnomaly(() => {
      expect(() => detectAnomaly(() => zeros([1]).log(), { nanOnly: true })).not.toThrow();
      expect(() => zeros([1]).log()).toThrow(AnomalyError);
    });
  });

  test('runs no ops of its own', () => {
    const x = randn([10], { requiresGrad: true });
    const count = (run: (fn: () => void) => void): number => {
      const before = counters().ops;
      run(() => x.exp().sum().backward());
      return counters().ops - before;
    };
    const plain = count((fn) => fn());
    x.grad = null;
    expect(count((fn) => detectAnomaly(fn))).toBe(plain);
  });

  test('refuses what cannot be', () => {
    // @ts-expect-error a promise
    expect(() => detectAnomaly(() => Promise.resolve(1))).toThrow(ValueError);
    expect(() => detectAnomaly(() => 1, { nan: true } as never)).toThrow(ValueError);
    expect(() => detectAnomaly(3 as never)).toThrow(ValueError);
  });
});
