import { inspect } from 'node:util';

import { expect, it } from 'vitest';
import {
  compile,
  DisposedError,
  DTypeError,
  F,
  IndexError,
  metrics,
  nn,
  nonzero,
  ones,
  optim,
  RecordingError,
  repeatInterleave,
  tensor,
  tidy,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

const x = tensor([1, 2], { dtype: 'float32' });

function thrownBy(fn: () => unknown): RecordingError {
  try {
    compile(fn)();
  } catch (error) {
    expect(error).toBeInstanceOf(RecordingError);
    return error as RecordingError;
  }
  throw new Error('nothing was thrown');
}

it.each<[string, () => unknown]>([
  ['item', () => x.sum().item()],
  ['data', () => x.data],
  ['tolist', () => x.tolist()],
  ['toJSON', () => JSON.stringify(x)],
])('reading a value by %s is refused, with the place and what to do', (op, read) => {
  const error = thrownBy(read);
  expect(error.op).toBe(op);
  expect(error.location).toMatch(/errors\.test\.ts:\d+:\d+$/);
  expect(error.message).toContain(`[${op}] `);
  expect(error.message).toContain('return the tensor and read it outside');
  expect(error.message).toContain(error.location!);
});

it('what reads a value of its own accord says what to do', () => {
  const index = tensor([0, 2]);
  const w = ones([2], { requiresGrad: true });
  const lbfgs = new optim.LBFGS([w]);
  const remedies: [string, string, () => unknown][] = [
    ['oneHot', 'give numClasses', () => F.oneHot(index)],
    ['repeatInterleave', 'give outputSize', () => repeatInterleave(x, tensor([1, 2]))],
    ['Accuracy', 'call update outside', () => new metrics.Accuracy().update(index, index)],
    ['Mean', 'call update outside', () => new metrics.Mean().update(3)],
    ['Rouge', 'call update outside', () => new metrics.Rouge().update(['a'], ['a'])],
    ['Perplexity', 'call update outside', () => new metrics.Perplexity().update(ones([1, 2]), tensor([0]))],
    ['LBFGS.step', 'compile what the closure does', () => lbfgs.step(() => w.square().sum())],
  ];
  for (const [op, remedy, run] of remedies) {
    const error = thrownBy(() => void run());
    expect(error.op).toBe(op);
    expect(error.message).toMatch(new RegExp(`^\\[${op}\\] .*: .*${remedy}.* \\(at .*errors\\.test\\.ts`));
  }
  expect(compile(() => F.oneHot(index, { numClasses: 3 }))().shape).toEqual([2, 3]);
});

it('repeatInterleave by a tensor is recorded with the size of its result, which is checked', () => {
  const values = tensor([[1, 2, 3]], { dtype: 'float32', requiresGrad: true });
  const repeated = compile((counts: Tensor) => {
    values.grad = null;
    const result = repeatInterleave(values, counts, { dim: 1, outputSize: 4 });
    result.square().sum().backward();
    return result;
  });
  const int32 = { dtype: 'int32' } as const;
  for (const [counts, wanted, grad] of [
    [
      [1, 0, 3],
      [1, 3, 3, 3],
      [2, 0, 18],
    ],
    [
      [0, 4, 0],
      [2, 2, 2, 2],
      [0, 16, 0],
    ],
    [
      [2, 1, 1],
      [1, 1, 2, 3],
      [4, 4, 6],
    ],
  ] as const) {
    expect(repeated(tensor([...counts], int32)).tolist()).toEqual([wanted]);
    expect(values.grad!.tolist()).toEqual([grad]);
  }
  for (const counts of [
    [1, 1, 1],
    [2, 2, 2],
    [5, -2, 1],
  ]) {
    expect(() => repeated(tensor(counts, int32))).toThrow(IndexError);
  }
  expect(repeated(tensor([0, 0, 4], int32)).tolist()).toEqual([[3, 3, 3, 3]]);
  const places = compile((counts: Tensor) => repeatInterleave(counts, undefined, { outputSize: 3 }));
  expect(places(tensor([1, 0, 2])).tolist()).toEqual([0, 2, 2]);
  expect(places(tensor([0, 3, 0])).tolist()).toEqual([1, 1, 1]);
  expect(() => places(tensor([1, 0, 1]))).toThrow(IndexError);
  const twice = compile((count: Tensor) => repeatInterleave(x, count, { outputSize: 4 }));
  expect(twice(tensor([2])).tolist()).toEqual([1, 1, 2, 2]);
});

it.each<[string, () => unknown]>([
  ['toString', () => x.toString()],
  ['toString', () => String(x)],
  ['toString', () => `${x as unknown as string}`],
  // As console.log does, without a line in the output of the tests.
  ['console.log', () => inspect(x)],
  ['console.log', () => inspect({ x: [x] })],
])('printing is refused by the name %s, and says to print outside', (op, print) => {
  const error = thrownBy(() => void print());
  expect(error.op).toBe(op);
  expect(error.message).toContain(
    `[${op}] printing a tensor reads its values while a compiled function is recorded; a replay would not print it ` +
      'again: return the tensor and print it outside (at ',
  );
  expect(error.location).toMatch(/errors\.test\.ts/);
});

it('so is what needs a value for the shape of its result, by the name that was called', () => {
  expect(thrownBy(() => nonzero(x)).op).toBe('nonzero');
  expect(thrownBy(() => x.maskedSelect(x.gt(1))).op).toBe('maskedSelect');
});

it('and a promise of values', async () => {
  let read: Promise<unknown> | undefined;
  compile(() => {
    read = x.read();
  })();
  await expect(read).rejects.toThrow(RecordingError);
});

it.runIf(records)('an argument that is reached by closure too, or memory that it shares, is refused', () => {
  const rows = tensor([
    [1, 2],
    [3, 4],
  ]);
  const row = rows.select(0, 0);
  const addRow = compile((each: Tensor) => each.add(row));
  expect(() => addRow(row)).toThrow(/shares memory with an argument.*clone one of the two/s);
  expect(() => addRow(rows.select(0, 1))).toThrow(RecordingError);
  expect(addRow(tensor([5, 6])).tolist()).toEqual([6, 8]);
  expect(addRow(row).tolist()).toEqual([2, 4]);
  expect(compile((each: Tensor) => each.add(each.view([2])))(row).tolist()).toEqual([2, 4]);
});

it('a compiled function inside another is refused', () => {
  const inner = compile(() => x.add(1));
  inner();
  const error = thrownBy(() => inner());
  expect(error.message).toContain('call the plain function');
  expect(error.location).toMatch(/errors\.test\.ts/);
  expect(inner().tolist()).toEqual([2, 3]);
});

it('a number of an optimizer is neither read nor set inside, nor is a schedule stepped', () => {
  const optimizer = new optim.SGD([ones([1], { requiresGrad: true })], { lr: 0.5 });
  const schedule = new optim.lrScheduler.StepLR(optimizer, 1);
  const [group] = optimizer.paramGroups;
  expect(thrownBy(() => x.mul(group!.lr)).message).toContain('lrTensor');
  expect(thrownBy(() => (group!.lr = 0.25)).message).toContain('outside of the compiled function');
  expect(thrownBy(() => schedule.step()).op).toBe('step');
  expect(group!.lr).toBe(0.5);
  expect(compile(() => x.mul(group!.lrTensor))().tolist()).toEqual([0.5, 1]);
});

it('a parameter is not made inside', () => {
  expect(thrownBy(() => new nn.Linear(2, 2).forward(x)).message).toContain('before');
});

it('an optimizer is not made inside, nor a schedule, and nothing has changed', () => {
  const weight = ones([1], { requiresGrad: true });
  const optimizer = new optim.SGD([weight], { lr: 0.5 });
  const make: [string, string, () => unknown][] = [
    ['SGD', 'an optimizer', () => new optim.SGD([weight], { lr: 0.1 })],
    ['AdamW', 'an optimizer', () => new optim.AdamW([weight])],
    ['StepLR', 'a schedule', () => new optim.lrScheduler.StepLR(optimizer, 1)],
    ['OneCycleLR', 'a schedule', () => new optim.lrScheduler.OneCycleLR(optimizer, 1, { totalSteps: 9 })],
    ['ReduceLROnPlateau', 'a schedule', () => new optim.lrScheduler.ReduceLROnPlateau(optimizer)],
  ];
  for (const [op, what, made] of make) {
    const error = thrownBy(() => void made());
    expect(error.op).toBe(op);
    expect(error.message).toMatch(
      `[${op}] ${what} is made while a compiled function is recorded; a replay would make none: make it before, outside`,
    );
    expect(error.location).toMatch(/errors\.test\.ts/);
  }
  expect(optimizer.paramGroups[0]!.lr).toBe(0.5);
  expect(optimizer.paramGroups[0]!.initialLr).toBeUndefined();
});

it('a disposed tensor is refused as foreign, and says where it was used', () => {
  const gone = zeros([2]);
  gone.dispose();
  const error = thrownBy(() => x.add(gone));
  expect(error.cause).toBeInstanceOf(DisposedError);
  expect(error.location).toMatch(/errors\.test\.ts/);
  const fn = compile((y: Tensor) => y.add(1));
  expect(() => fn(gone)).toThrow(DisposedError);
  fn(x);
  expect(() => fn(gone)).toThrow(DisposedError);
});

it('a disposed argument is named, with the function, recorded or not, waited for or not', async () => {
  const step = compile((batch: { x: Tensor; rest: Tensor[] }) => batch.x.add(batch.rest[0]!), {
    name: 'step',
  });
  const gone = ones([2]);
  const call = { x, rest: [gone] };
  const message = /^\[step\] arguments\[0\]\.rest\[0\]: .*was freed/;
  const check = async (): Promise<void> => {
    expect(() => step(call)).toThrow(DisposedError);
    expect(() => step(call)).toThrow(message);
    await expect(step.async(call)).rejects.toThrow(message);
  };
  const fresh = compile((y: Tensor) => y.add(1));
  step(call);
  gone.dispose();
  await check();
  step({ x, rest: [x.clone()] });
  await check();
  expect(() => fresh(gone)).toThrow(/^\[compiled function\] arguments\[0\]: .*was freed/);
  await expect(fresh.async(gone)).rejects.toThrow(/^\[compiled function\] arguments\[0\]: .*was freed/);
  // One that a scope has freed remembers its shape.
  let left = x;
  tidy(() => {
    left = ones([2]);
    expect(left.shape).toEqual([2]);
  });
  expect(() => step({ x: left, rest: [x] })).toThrow(/^\[step\] arguments\[0\]\.x: .*was freed/);
  // What is no argument is not blamed on one.
  step.dispose();
  expect(() => step(call)).toThrow('[compile] step was disposed');
});

it.runIf(records)('so is one of a call that has to wait for its turn', async () => {
  const gone = ones([2]);
  gone.dispose();
  const square = compile((y: Tensor) => y.matmul(y));
  square(ones([256, 256]));
  const running = square.async(ones([256, 256]));
  const fresh = compile((y: Tensor) => y.add(1), { name: 'fresh' });
  await expect(fresh.async(gone)).rejects.toThrow(/^\[fresh\] arguments\[0\]: .*was freed/);
  await running;
});

it('what is neither tensor nor constant is no argument and no result', () => {
  const fn = compile((value: unknown) => value);
  for (const value of [new Map(), () => 1, Symbol('s'), new Date(), [[new Set()]], 1n, { n: [2n] }])
    expect(() => fn(value)).toThrow(DTypeError);
  expect(() => fn([{ a: new Map() }])).toThrow(/arguments\[0\]\[0\]\.a/);
  expect(() => fn({ n: [2n] })).toThrow(
    '[compile] arguments[0].n[0]: got 2n, wanted tensors, numbers, booleans, strings, null and undefined, in arrays and plain objects',
  );
  expect(() => compile(() => new Float32Array(2))()).toThrow(DTypeError);
  expect(() => compile(() => [x, 1n])()).toThrow(/the result\[1\]: got 1n/);
  // @ts-expect-error a promise
  expect(() => compile(() => Promise.resolve(1))()).toThrow(ValueError);
  let ran = 0;
  // @ts-expect-error a promise
  expect(() => compile(async () => Promise.resolve(++ran))).toThrow(
    '[compile] got an async function, wanted a synchronous one',
  );
  expect(ran).toBe(0);
});

it('after an error the next call is recorded as if nothing had happened', () => {
  let fails = true;
  const fn = compile((y: Tensor) => (fails ? y.mul(y.sum().item()) : y.add(1)));
  expect(() => fn(x)).toThrow(RecordingError);
  expect(x.sum().item()).toBe(3);
  fails = false;
  expect(fn(x).tolist()).toEqual([2, 3]);
  expect(fn(x).tolist()).toEqual([2, 3]);
});

it('options and use after dispose are checked', () => {
  const bad = (options: object) => () => compile(() => x, options);
  for (const options of [
    { passes: 'some' },
    { maxPrograms: 0 },
    { profile: 1 },
    { keepGrads: 'no' },
    { speed: 1 },
  ])
    expect(bad(options)).toThrow(ValueError);
  expect(() => compile(3 as unknown as () => void)).toThrow(ValueError);
  const fn = compile((y: Tensor) => y.add(1), { name: 'increment' });
  expect(fn.name).toBe('increment');
  fn(x);
  fn.dispose();
  fn.dispose();
  expect(() => fn(x)).toThrow(/increment was disposed/);
});

it('values are read again when the recording is over', () => {
  const optimizer = new optim.Adam([ones([2], { requiresGrad: true })]);
  compile(() => optimizer.step())();
  expect(optimizer.paramGroups[0]!.lr).toBe(0.001);
  expect(records ? x.add(1).tolist() : [2, 3]).toEqual([2, 3]);
});
