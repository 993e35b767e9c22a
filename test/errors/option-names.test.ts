import { describe, expect, test } from 'vitest';
import * as lg from '../../lib/index.js';
import { optionNames } from '../../lib/option-names.gen.js';

// Every function that takes options refuses a name that it does not know, and says which. What its other arguments have to be
// is found by trying: the first that lead to the refusal count.

const pool = (): unknown[] => [
  lg.ones([4, 4]),
  2,
  lg.tensor([0, 1, 1, 0]),
  [4],
  lg.ones([1, 1, 4, 4]),
  lg.ones([1, 1, 4]),
  lg.ones([1, 1, 4, 4, 4]),
  'sum',
  () => lg.ones([1]),
  [lg.ones([4])],
];

const scopes: readonly object[] = [
  lg,
  lg.F,
  lg.linalg,
  lg.special,
  lg.nn,
  lg.nn.init,
  lg.nn.utils,
  lg.nn.utils.rnn,
  lg.nn.utils.parametrizations,
  lg.nn.utils.parametrize,
  lg.func,
  lg.io,
  lg.signal.windows,
  lg.vision,
];

/** The functions of that name: of a namespace, and as a method. */
function functionsOf(name: string): ((...args: unknown[]) => unknown)[] {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const places = name.startsWith('linalg.') ? [lg.linalg] : scopes;
  // Its options come first.
  if (name === 'autocast') return [(options: unknown) => lg.autocast(options as lg.AutocastOptions, () => 0)];
  // `unfold` at the top is another function, which takes none.
  if (name === 'unfold') return [lg.F.unfold as (...args: unknown[]) => unknown];
  const found = new Set(places.map((place) => (place as Record<string, unknown>)[last]));
  const functions = [...found].filter((one) => typeof one === 'function' && !/^class\b/.test(String(one)));
  const method = (lg.ones([1]) as unknown as Record<string, unknown>)[last];
  if (functions.length === 0 && typeof method === 'function') {
    return [(self: unknown, ...rest: unknown[]) => Reflect.apply(method, self, rest) as unknown];
  }
  return functions as ((...args: unknown[]) => unknown)[];
}

const x = () => lg.ones([4, 4]);
const places = () => lg.zeros([4, 4], { dtype: 'int64' });
const rows = () => lg.tensor([0, 1, 1, 0]);

/** What no trying finds. */
const byHand: Readonly<Record<string, () => unknown[]>> = {
  scatter: () => [x(), 0, places(), x()],
  scatter_: () => [x(), 0, places(), x()],
  scatterReduce: () => [x(), 0, places(), x(), 'sum'],
  scatterReduce_: () => [x(), 0, places(), x(), 'sum'],
  indexAdd: () => [x(), 0, rows(), x()],
  indexAdd_: () => [x(), 0, rows(), x()],
  indexReduce: () => [x(), 0, rows(), x(), 'mean'],
  indexReduce_: () => [x(), 0, rows(), x(), 'mean'],
  node: () => [lg.F.relu, lg.nn.input()],
  randint: () => [0, 5, [4]],
  randintLike: () => [x(), 0, 5],
  sparse_: () => [x(), 0.5],
  ctcLoss: () => [lg.ones([4, 1, 3]), lg.tensor([[1, 2]]), lg.tensor([4]), lg.tensor([2])],
  weightNorm: () => [new lg.nn.Linear(2, 2)],
  spectralNorm: () => [new lg.nn.Linear(2, 2)],
  encodeSafetensors: () => [{ x: x() }],
  saveSafetensors: () => ['none.safetensors', { x: x() }],
  saveCheckpoint: () => ['none.safetensors', {}],
  loadCheckpoint: () => ['none.safetensors', {}],
  loadSafetensors: () => [''],
  removeParametrizations: () => [lg.nn.utils.parametrizations.weightNorm(new lg.nn.Linear(2, 2)), 'weight'],
  padPackedSequence: () => [lg.nn.utils.rnn.packSequence([x()])],
  roiAlign: () => [lg.ones([1, 1, 4, 4]), lg.zeros([1, 5]), 2],
  grad: () => [lg.ones([], { requiresGrad: true }).mul(2), lg.ones([], { requiresGrad: true })],
  jvp: () => [(a: lg.Tensor) => a.sum(), [x()], [x()]],
  hvp: () => [(a: lg.Tensor) => a.sum(), [x()], [x()]],
};

const stranger = { notAnOption: 1 };

async function refusal(name: string, call: (...args: unknown[]) => unknown): Promise<string | undefined> {
  const attempt = async (args: readonly unknown[]): Promise<string | undefined> => {
    try {
      await call(...args, stranger);
    } catch (error) {
      if (error instanceof lg.ValueError && error.message.includes('notAnOption')) return error.message;
    }
    return undefined;
  };
  const known = byHand[name];
  if (known !== undefined) return attempt(known());
  for (let count = 0; count <= 3; count++) {
    const args = pool();
    for (let at = 0; at < args.length ** count; at++) {
      const chosen = Array.from(
        { length: count },
        (_, i) => args[Math.floor(at / args.length ** i) % args.length],
      );
      const message = await attempt(chosen);
      if (message !== undefined) return message;
    }
  }
  return undefined;
}

describe('refuses a name that is no option', () => {
  test.each([...optionNames])('%s', async (name, known) => {
    const functions = functionsOf(name);
    expect(functions.length).toBeGreaterThan(0);
    for (const call of functions) {
      const message = await refusal(name, call);
      expect(message).toBeDefined();
      for (const option of known) expect(message).toContain(option);
    }
  });
});
