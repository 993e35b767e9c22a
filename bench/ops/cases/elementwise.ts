// The elementwise ops, one case each, from the schema of the native backend: a new row there is a new case here. Ranges of
// the inputs and attributes are those of the first test case of the op.
import { opRecords } from '../../../lib/backend/op-schema.gen.js';
import { backend } from '../../../lib/backend/current.js';
import type { OpAttrs, OpName } from '../../../lib/backend/op-schema.gen.js';
import type { OpRecord } from '../../../lib/backend/op-record.js';
import type { DType } from '../../../lib/index.js';
import { rowList } from '../../../test/cases/index.js';
import type { OpRow } from '../../../test/cases/case.js';
import { input, size } from '../case.js';
import type { Input, OpCase } from '../case.js';

const rows: ReadonlyMap<string, OpRow> = new Map(rowList);

/** Said differently in PyTorch than by its name in snake case, or with arguments. `null`: PyTorch has none. */
const inTorch: Readonly<Record<string, string | null>> = {
  addScaled: 'torch.add(a, b, alpha=-1.5)',
  addcdiv: 'torch.addcdiv(a, b, c, value=2)',
  addcmul: 'torch.addcmul(a, b, c, value=2)',
  besselJ0: 'torch.special.bessel_j0(a)',
  besselJ1: 'torch.special.bessel_j1(a)',
  clamp: 'torch.clamp(a, -1, 1)',
  clampMax: 'torch.clamp(a, max=b)',
  clampMin: 'torch.clamp(a, min=b)',
  clone: 'a.clone()',
  elu: 'F.elu(a)',
  frexpExponent: null,
  frexpMantissa: null,
  geluTanh: 'F.gelu(a, approximate="tanh")',
  hardshrink: 'F.hardshrink(a)',
  hardtanh: 'F.hardtanh(a)',
  igamma: 'torch.special.gammainc(a, b)',
  igammac: 'torch.special.gammaincc(a, b)',
  isclose: 'torch.isclose(a, b)',
  leakyRelu: 'F.leaky_relu(a)',
  nanToNum: 'torch.nan_to_num(a, 0, 7, -7)',
  polygamma: 'torch.polygamma(1, a)',
  prelu: 'F.prelu(a, b)',
  round: 'torch.round(a)',
  softplus: 'F.softplus(a)',
  softshrink: 'F.softshrink(a)',
  threshold: 'F.threshold(a, 0.1, 20)',
  truncDivide: 'torch.div(a, b, rounding_mode="trunc")',
  eluBackward: 'aten.elu_backward(a, 1, 1, 1, False, b)',
  geluBackward: 'aten.gelu_backward(a, b)',
  geluTanhBackward: 'aten.gelu_backward(a, b, approximate="tanh")',
  hardswishBackward: 'aten.hardswish_backward(a, b)',
  hardtanhBackward: 'aten.hardtanh_backward(a, b, -1, 1)',
  leakyReluBackward: 'aten.leaky_relu_backward(a, b, 0.01, False)',
  mishBackward: 'aten.mish_backward(a, b)',
  reluBackward: 'aten.threshold_backward(a, b, 0)',
  sigmoidBackward: 'aten.sigmoid_backward(a, b)',
  siluBackward: 'aten.silu_backward(a, b)',
  softplusBackward: 'aten.softplus_backward(a, b, 1, 20)',
  tanhBackward: 'aten.tanh_backward(a, b)',
};

/** Ops that take no float32, or whose speed depends on more than the number of elements. */
const dtypeOf = (name: string): DType => (/^(bitwise|gcd|lcm)/.test(name) ? 'int32' : 'float32');

/** They are cases of their own: `copy` writes into its input, the others want other dtypes. */
const elsewhere = new Set(['copy', 'to', 'where']);

const isSource = (entry: unknown): entry is { kind: string; low?: number; high?: number } =>
  typeof entry === 'object' && entry !== null && 'kind' in entry;

function inputsOf(name: string, record: OpRecord): Input[] {
  const sources = rows.get(name)?.cases[0]?.inputs ?? [];
  return record.inputs.map((_, i) => {
    const source = sources[i];
    const shape = name === 'prelu' && i === 1 ? [1] : [size];
    const range = isSource(source) && source.kind === 'real' ? { low: source.low, high: source.high } : {};
    return input(shape, { dtype: dtypeOf(name), ...range });
  });
}

function attrsOf(name: string, record: OpRecord): object {
  const tested = rows.get(name)?.cases.find((entry) => entry.attrs !== undefined)?.attrs;
  if (tested !== undefined) return tested as object;
  return Object.fromEntries(record.attrs.map((attr, i) => [attr.name, 0.25 * (i + 1)]));
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function torchOf(name: string, record: OpRecord): { torch?: string } {
  const given = inTorch[name];
  if (given === null) return {};
  if (given !== undefined) return { torch: given };
  if (record.flags.includes('internal')) return {};
  return { torch: `named('${snake(name)}')(${['a', 'b', 'c'].slice(0, record.inputs.length).join(', ')})` };
}

function elementwiseCase(name: OpName, record: OpRecord): OpCase {
  const attrs = attrsOf(name, record) as OpAttrs[OpName];
  return {
    name,
    group: 'elementwise',
    inputs: inputsOf(name, record),
    call: (...inputs) => backend.run1(name, inputs, attrs),
    ...torchOf(name, record),
  };
}

export const elementwise: readonly OpCase[] = (Object.entries(opRecords) as [OpName, OpRecord][])
  .filter(([name, record]) => record.flags.includes('elementwise') && !elsewhere.has(name))
  .map(([name, record]) => elementwiseCase(name, record));
