import { afterAll, describe, expect, test } from 'vitest';
import {
  add,
  batchNorm,
  crossEntropy,
  equal,
  F,
  grad,
  info,
  layerNorm,
  logSoftmax,
  manualSeed,
  maxPool2d,
  mul,
  ones,
  rand,
  randint,
  randn,
  setNumThreads,
  softmax,
  tidy,
  type Tensor,
} from '../../lib/index.js';

// Whether an output goes past the caches depends on the number of threads, whose caches it would have to fit: with one it
// does here, with 64 it does not. Nothing of that may show. Sizes are odd, so that rows begin inside cache lines.

const atStart = info().threads;

afterAll(() => setNumThreads(atStart));

const rows = 1031;
const columns = 2113;
const matrix = () => randn([rows, columns]);
const images = () => randn([8, 66, 66, 66]).narrow(2, 1, 63);
const last = (x: Tensor) => x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);

/** A result and the gradients of its inputs. */
function both(inputs: readonly Tensor[], call: (inputs: readonly Tensor[]) => Tensor): Tensor[] {
  const leaves = inputs.map((x) => x.detach().requiresGrad_());
  const out = call(leaves);
  const weight = ones(out.shape).mul(0.5).add(out.detach());
  return [out.detach(), ...grad(out, leaves, { gradOutputs: weight })];
}

const ops: Readonly<Record<string, () => Tensor[]>> = {
  add: () => [add(matrix(), matrix())],
  'add of a row': () => [add(matrix(), randn([columns]))],
  'add of a column': () => [add(matrix(), randn([rows, 1]))],
  'mul by a number': () => [mul(matrix(), 3)],
  'mul by what is transposed': () => [mul(matrix(), randn([columns, rows]).t())],
  gelu: () => both([matrix()], ([x]) => F.gelu(x!)),
  'exp of halves': () => [matrix().to('bfloat16').exp()],
  clone: () => [matrix().clone()],
  'a part': () => [
    matrix()
      .narrow(1, 5, columns - 7)
      .contiguous(),
  ],
  'add in place': () => [matrix().add_(1)],
  expand: () => [randn([rows, 1]).expand([rows, columns]).contiguous()],
  ...Object.fromEntries(
    (['float64', 'float32', 'int16', 'uint8'] as const).map((dtype) => [
      `transpose of ${dtype}`,
      () => [rand([2, rows, columns]).mul(200).to(dtype).transpose(1, 2).contiguous()],
    ]),
  ),
  softmax: () => both([matrix()], ([x]) => softmax(x!, 1)),
  logSoftmax: () => both([matrix()], ([x]) => logSoftmax(x!, 1)),
  layerNorm: () =>
    both([matrix(), rand([columns])], ([x, weight]) => layerNorm(x!, [columns], { weight: weight! })),
  crossEntropy: () => {
    const target = randint(0, columns, [rows]);
    return both([matrix()], ([x]) => crossEntropy(x!, target));
  },
  'batchNorm of planes': () =>
    both([images().contiguous()], ([x]) => batchNorm(x!, null, null, { training: true })),
  'batchNorm of large planes': () =>
    both([randn([3, 9, 211, 213])], ([x]) => batchNorm(x!, null, null, { training: true })),
  'batchNorm, channels last': () =>
    both([last(images())], ([x]) => batchNorm(x!, null, null, { training: true })),
  'groupNorm of planes': () => both([images().contiguous()], ([x]) => F.groupNorm(x!, 6)),
  'maxPool2d of planes': () => both([images().contiguous()], ([x]) => maxPool2d(x!, 2)),
  'maxPool2d of large planes': () =>
    both([randn([3, 9, 211, 213])], ([x]) => maxPool2d(x!, 3, { stride: 2, padding: 1 })),
  'maxPool2d, channels last': () => both([last(randn([8, 64, 66, 66]))], ([x]) => maxPool2d(x!, 2)),
};

describe.runIf(info().name === 'native').each(Object.entries(ops))('%s', (_, call) => {
  test('is the same, whether it fits the caches or not', () => {
    tidy(() => {
      const results = [1, 64, 3].map((threads) => {
        setNumThreads(threads);
        manualSeed(5);
        return call();
      });
      for (const other of results.slice(1)) {
        results[0]!.forEach((one, i) => expect(equal(one, other[i]!), `output ${i}`).toBe(true));
      }
    });
  });
});
