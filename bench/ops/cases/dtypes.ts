// The same number of elements in other dtypes, for some ops of each kind, and conversions.
import * as lg from '../../../lib/index.js';
import type { DType, Tensor } from '../../../lib/index.js';
import { cube, input, size, square } from '../case.js';
import type { Input, OpCase, Result } from '../case.js';

const every: readonly DType[] = ['float64', 'bfloat16', 'float16', 'int32', 'int64', 'uint8', 'bool'];
const numbers = every.filter((dtype) => dtype !== 'bool');
const floats: readonly DType[] = ['float64', 'bfloat16', 'float16'];

const isFloat = (dtype: DType): boolean => floats.includes(dtype) || dtype === 'float32';

function of(dtype: DType, made: Input): Input {
  const range = dtype === 'bool' ? { low: 0, high: 2 } : { low: 1, high: 100 };
  return isFloat(dtype) ? { ...made, dtype, normal: false } : { ...made, dtype, normal: false, ...range };
}

interface Typed {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Tensor[]) => Result;
  readonly torch: string;
}

const line = input([size]);

const typed: readonly Typed[] = [
  { name: 'add', dtypes: every, inputs: [line, line], call: (a, b) => lg.add(a, b), torch: 'a + b' },
  { name: 'mul', dtypes: every, inputs: [line, line], call: (a, b) => lg.mul(a, b), torch: 'a * b' },
  {
    name: 'maximum',
    dtypes: every,
    inputs: [line, line],
    call: (a, b) => lg.maximum(a, b),
    torch: 'torch.maximum(a, b)',
  },
  { name: 'eq', dtypes: every, inputs: [line, line], call: (a, b) => lg.eq(a, b), torch: 'a == b' },
  { name: 'relu', dtypes: numbers, inputs: [line], call: (a) => lg.relu(a), torch: 'torch.relu(a)' },
  {
    name: 'floorDivide',
    dtypes: ['int32', 'int64', 'uint8'],
    inputs: [line, line],
    call: (a, b) => lg.floorDivide(a, b),
    torch: 'a // b',
  },
  { name: 'exp', dtypes: floats, inputs: [line], call: (a) => lg.exp(a), torch: 'torch.exp(a)' },
  { name: 'gelu', dtypes: floats, inputs: [line], call: (a) => lg.gelu(a), torch: 'F.gelu(a)' },
  { name: 'clone', dtypes: every, inputs: [line], call: (a) => lg.clone(a), torch: 'a.clone()' },
  { name: 'sum', dtypes: every, inputs: [line], call: (x) => lg.sum(x), torch: 'torch.sum(a)' },
  {
    name: 'sum, last dim',
    dtypes: every,
    inputs: [square],
    call: (x) => lg.sum(x, { dim: 1 }),
    torch: 'torch.sum(a, 1)',
  },
  {
    name: 'sum, first dim',
    dtypes: every,
    inputs: [square],
    call: (x) => lg.sum(x, { dim: 0 }),
    torch: 'torch.sum(a, 0)',
  },
  { name: 'mean', dtypes: floats, inputs: [line], call: (x) => lg.mean(x), torch: 'torch.mean(a)' },
  { name: 'prod', dtypes: numbers, inputs: [line], call: (x) => lg.prod(x), torch: 'torch.prod(a)' },
  { name: 'amax', dtypes: every, inputs: [line], call: (x) => lg.amax(x), torch: 'torch.amax(a)' },
  {
    name: 'amax, first dim',
    dtypes: every,
    inputs: [square],
    call: (x) => lg.amax(x, { dim: 0 }),
    torch: 'torch.amax(a, 0)',
  },
  {
    name: 'variance',
    dtypes: floats,
    inputs: [cube],
    call: (x) => lg.variance(x, { dim: 1 }),
    torch: 'torch.var(a, 1)',
  },
  { name: 'argmax', dtypes: numbers, inputs: [line], call: (x) => lg.argmax(x), torch: 'torch.argmax(a)' },
  { name: 'any', dtypes: every, inputs: [line], call: (x) => lg.any(x), torch: 'torch.any(a)' },
  {
    name: 'cumsum, last dim',
    dtypes: floats,
    inputs: [square],
    call: (x) => lg.cumsum(x, 1),
    torch: 'torch.cumsum(a, 1)',
  },
  {
    name: 'contiguous, transposed',
    dtypes: every,
    inputs: [{ ...square, view: { call: (x) => lg.t(x), torch: 'x.t()' } }],
    call: (x) => lg.contiguous(x),
    torch: 'a.contiguous()',
  },
];

const conversions: readonly OpCase[] = (
  [
    ['float32', 'bfloat16'],
    ['bfloat16', 'float32'],
    ['float32', 'float16'],
    ['float16', 'float32'],
    ['float32', 'float64'],
    ['float64', 'float32'],
    ['float32', 'int32'],
    ['int32', 'float32'],
    ['int64', 'float32'],
    ['float32', 'int64'],
    ['uint8', 'float32'],
    ['float32', 'uint8'],
    ['bool', 'float32'],
    ['float32', 'bool'],
  ] as const
).map(([from, to]) => ({
  name: `to, ${from} to ${to}`,
  group: 'dtypes',
  inputs: [of(from, line)],
  call: (x) => lg.to(x, to),
  torch: `a.to(torch.${to})`,
}));

export const dtypes: readonly OpCase[] = [
  ...typed.flatMap(({ name, dtypes: wanted, inputs, call, torch }) =>
    wanted.map((dtype): OpCase => ({
      name: `${name}, ${dtype}`,
      group: 'dtypes',
      inputs: inputs.map((made) => of(dtype, made)),
      call,
      torch,
    })),
  ),
  ...conversions,
];
