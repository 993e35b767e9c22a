import { noGrad } from '../../../lib/index.js';
import type { CheckedFunction, Tensor } from '../../../lib/index.js';
import { Arguments } from '../call.js';
import { exceptionFor, ofSymmetric } from './exceptions.js';
import { visitArg, visitArgs, type Path, type Sample, type TensorArg } from '../read/format.js';
import { isTensor } from '../library.js';
import { asFunction, type OpCases } from '../replay.js';
import type { StoredTensor, StoredTensors } from '../read/stored.js';
import { makeTensor } from '../tensors.js';

export type Layout = 'contiguous' | 'strided' | 'broadcast';

/** Most samples of an op; but for the first, only those of few elements: a check runs the op twice for each. */
const samplesPerOp = 3;
const largeCost = 200;

const isFloating = (dtype: string): boolean => dtype.startsWith('float') || dtype === 'bfloat16';

function leavesOf(sample: Sample): Map<Path, TensorArg> {
  const leaves = new Map<Path, TensorArg>();
  visitArgs(sample, (arg, at) => {
    if (arg.t === 'tensor' && arg.requires_grad === true) leaves.set(at, arg);
  });
  return leaves;
}

/** The smallest samples that have gradients, one of each shape of input. */
export function chosenSamples({ stored }: OpCases, samples: readonly Sample[]): Sample[] {
  const sized = samples
    .filter((sample) => sample.cotangents !== undefined && ['float32', 'float64'].includes(sample.dtype))
    // A result of another dtype has too few digits for differences.
    .filter((sample) => !JSON.stringify([sample.args, sample.kwargs]).includes('"dtype"'))
    .map((sample) => {
      const inputs = [...leavesOf(sample).values()].map((arg) => stored.get(arg.ref!)!);
      const outputs = Object.values(sample.cotangents!).map((ref) => stored.get(ref)!);
      const grads = Object.values(sample.grads ?? {}).flatMap((ref) =>
        ref === null ? [] : [stored.get(ref)!],
      );
      const size = (tensors: readonly StoredTensor[]) =>
        tensors.reduce((sum, { data }) => sum + data.length, 0);
      const tame = [...inputs, ...grads, ...outputTensors(sample, stored)].every(isTame);
      const key = JSON.stringify(inputs.map(({ shape }) => shape));
      return { sample, key, inputs: size(inputs), cost: size(inputs) + size(outputs), tame };
    })
    .filter(({ inputs, tame }) => inputs > 0 && tame)
    // A tensor of one element says little: it comes last.
    .sort((a, b) => Number(a.inputs < 4) - Number(b.inputs < 4) || a.cost - b.cost);
  const seen = new Set<string>();
  return sized
    .filter(({ key }) => !seen.has(key) && seen.add(key))
    .filter(({ cost }, i) => i < samplesPerOp && (i === 0 || cost <= largeCost))
    .map(({ sample }) => sample);
}

function outputTensors({ out }: Sample, stored: StoredTensors): StoredTensor[] {
  const found: StoredTensor[] = [];
  visitArg(out, 'out', (arg) => {
    if (arg.t === 'tensor' && arg.ref !== undefined) found.push(stored.get(arg.ref)!);
  });
  return found;
}

/** Values of a size whose differences say something: the rest are there to test special values. */
function isTame({ data }: StoredTensor): boolean {
  return data.every((value: number | bigint) => Math.abs(Number(value)) < 1e3);
}

/** The layouts that a sample can be checked in. */
export function layouts(op: OpCases, sample: Sample): Layout[] {
  const shapes = [...leavesOf(sample).values()].map((arg) => op.stored.get(arg.ref!)!.shape);
  const all: Layout[] = ['contiguous'];
  if (shapes.some((shape) => shape.length > 0)) all.push('strided');
  if (shapes.some((shape) => shape.length > 0 && shape[0]! > 1)) all.push('broadcast');
  return all.filter((layout) => exceptionFor(op.name, sample, layout) === undefined);
}

/** The call as a function of its leaves, with the leaves in a layout. */
export function checkedCall(
  op: OpCases,
  sample: Sample,
  layout: Layout,
): { fn: CheckedFunction; inputs: Tensor[] } {
  const leaves = [...leavesOf(sample)];
  const inputs = leaves.map(([, arg]) => leaf(op.stored.get(arg.ref!)!, layout));
  const symmetric = (x: Tensor): Tensor =>
    ofSymmetric.includes(op.name) ? x.add(x.transpose(-2, -1)).div(2) : x;
  const others = new Map<Path, Tensor>();
  visitArgs(sample, (arg, at) => {
    if (arg.t !== 'tensor' || arg.requires_grad === true) return;
    const stored = op.stored.get(arg.ref!)!;
    others.set(at, makeTensor(isFloating(stored.dtype) ? widened(stored) : stored));
  });
  const fn: CheckedFunction = (...given) => {
    const byPath = new Map(leaves.map(([at], i): [Path, Tensor] => [at, symmetric(given[i]!)]));
    const args = new Arguments(op.row, sample, (at) => byPath.get(at) ?? others.get(at)!);
    return tensorsIn(asFunction(op, args));
  };
  return { fn, inputs };
}

function widened({ shape, data }: StoredTensor): StoredTensor {
  return { dtype: 'float64', shape, data: Float64Array.from(data as Float64Array) };
}

function leaf(stored: StoredTensor, layout: Layout): Tensor {
  const { shape } = stored;
  const dense = makeTensor(widened(stored));
  const made = noGrad(() => {
    if (layout === 'contiguous' || shape.length === 0) return dense;
    if (layout === 'broadcast') return shape[0]! > 1 ? dense.narrow(0, 0, 1).expand(shape) : dense;
    if (shape.length >= 2) {
      const swapped = dense.transpose(0, shape.length - 1);
      return swapped.contiguous().transpose(0, shape.length - 1);
    }
    return makeTensor(widened(stored), [2]);
  });
  return made.requiresGrad_();
}

function tensorsIn(result: unknown): Tensor[] {
  if (isTensor(result)) return [result];
  if (Array.isArray(result)) return result.flatMap(tensorsIn);
  return typeof result === 'object' && result !== null ? Object.values(result).flatMap(tensorsIn) : [];
}
