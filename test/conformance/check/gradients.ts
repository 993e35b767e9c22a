import { grad } from '../../../lib/index.js';
import type { Tensor } from '../../../lib/index.js';
import { allZero, difference } from './compare.js';
import type { Path, Sample, Tolerance } from '../read/format.js';
import { isTensor } from '../library.js';
import type { Output } from './results.js';
import type { StoredTensor } from '../read/stored.js';
import { readTensor } from '../tensors.js';

/** Where the leaves and the stored tensors of a sample are found. */
export interface GradientTensors {
  readonly at: (path: Path) => Tensor;
  of(ref: string): StoredTensor;
  fresh(ref: string): Tensor;
}

/** What of a sample says which gradients there are. */
export type GradientSample = Pick<
  Sample,
  'cotangents' | 'grads' | 'grad_tol' | 'grad_cotangents' | 'grad_grads' | 'grad_grad_tol'
>;

export interface Gradients {
  readonly first: string | undefined;
  /** Undefined also where the sample has no second ones; then `hasSecond` is false. */
  readonly second: string | undefined;
}

/** The gradients of a call whose inputs are leaves, contracted as the sample says, against PyTorch's. */
export function checkGradients(
  sample: GradientSample,
  outputs: readonly Output[],
  tensors: GradientTensors,
): Gradients {
  const paths = Object.keys(sample.grads ?? {});
  const inputs = paths.map(tensors.at);
  const wantsSecond = sample.grad_cotangents !== undefined;
  const roots = Object.entries(sample.cotangents ?? {}).map(([path, ref]) => ({ path, ref }));
  const second = wantsSecond;
  const grads = contract(
    roots.map(({ path, ref }) => [outputAt(outputs, path), tensors.fresh(ref)]),
    inputs,
    second,
  );
  const first = firstDifference(paths, grads, sample.grads ?? {}, sample.grad_tol, tensors, 'gradient');
  if (!wantsSecond || first !== undefined)
    return { first, second: wantsSecond ? first && 'the first are wrong' : undefined };
  const named = Object.entries(sample.grad_cotangents ?? {});
  const again = contract(
    named.map(([path, ref]) => [grads[paths.indexOf(path)], tensors.fresh(ref)]),
    inputs,
    false,
  );
  const wanted = sample.grad_grads ?? {};
  return {
    first,
    second: firstDifference(paths, again, wanted, sample.grad_grad_tol, tensors, 'second gradient'),
  };
}

function outputAt(outputs: readonly Output[], path: Path): Tensor {
  const found = outputs.find((output) => output.path === path)?.got;
  if (!isTensor(found)) throw new Error(`no output at ${path}`);
  return found;
}

/** The gradients of sum(root * cotangent) over all roots. A root without history has none to give. */
function contract(
  roots: readonly (readonly [Tensor | null | undefined, Tensor])[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): (Tensor | null)[] {
  const live = roots.filter((root): root is readonly [Tensor, Tensor] => root[0]?.requiresGrad === true);
  if (live.length === 0) return inputs.map(() => null);
  return grad(
    live.map(([root]) => root),
    inputs,
    { gradOutputs: live.map(([, cotangent]) => cotangent), createGraph, allowUnused: true },
  );
}

function firstDifference(
  paths: readonly Path[],
  grads: readonly (Tensor | null)[],
  wanted: Readonly<Record<Path, string | null>>,
  tolerance: Tolerance | undefined,
  tensors: GradientTensors,
  what: string,
): string | undefined {
  for (const [i, path] of paths.entries()) {
    const ref = wanted[path];
    if (ref === undefined) continue;
    const got = grads[i] ?? null;
    const stored = ref === null ? undefined : tensors.of(ref);
    const wrong =
      stored === undefined
        ? got !== null && !allZero(readTensor(got)) && 'got one, wanted none or zeros'
        : got === null
          ? !allZero(stored) && 'got none'
          : difference(readTensor(got), stored, tolerance);
    if (wrong) return `${what} of ${path}: ${wrong}`;
  }
  return undefined;
}
