import { optim, tidy } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { difference, near } from './check/compare.js';
import { NotThere } from './library.js';
import { camel } from './names.js';
import type { Failure, Outcome } from './outcome.js';
import { numberOf, type Arg, type OptimSample, type Tolerance } from './read/format.js';
import type { StoredTensors } from './read/stored.js';
import { messageOf } from './replay.js';
import { makeTensor, readTensor } from './tensors.js';

// Replays the steps of one sample of an optimizer; compared are the parameters after each step, what the closure gave, and
// the state in the end.

interface AnyOptimizer {
  step(closure?: () => Tensor): Tensor | undefined;
  zeroGrad(): void;
  stateDict(): { state: Record<number, Record<string, unknown>> };
}

type Stored = (ref: string) => Tensor;

function optionOf(arg: Arg, stored: Stored): unknown {
  switch (arg.t) {
    case 'int':
      return Number(arg.v);
    case 'float':
      return numberOf(arg.v);
    case 'list':
    case 'tuple':
      return arg.v.map((one) => optionOf(one, stored));
    case 'none':
      return null;
    case 'tensor':
      return Number(stored(arg.ref!).item());
    case 'bool':
    case 'str':
      return arg.v;
    default:
      throw new Error(`an option of kind ${arg.t}`);
  }
}

export function makeOptimizer(
  name: string,
  params: readonly Tensor[],
  options: Readonly<Record<string, unknown>>,
): unknown {
  const kind: unknown = Reflect.get(optim, name);
  if (typeof kind !== 'function') throw new NotThere(`optim.${name}`);
  return Reflect.construct(kind, [params, options]);
}

const rounding: Tolerance = [2e-5, 5e-6];

/**
 * The absolute tolerances of the files allow more than the steps go. Rounding does not: a few units in the last place of
 * float32 each step. What PyTorch computes in bfloat16 keeps its tolerance; L-BFGS takes differences of gradients, whose
 * rounding grows from step to step.
 */
function strictTolerance(name: string, [rtol, atol]: Tolerance): Tolerance {
  if (name === 'Muon') return [rtol, atol];
  return [rtol, Math.min(atol, name === 'LBFGS' ? 5e-4 : rounding[1])];
}

export function replayOptimizer(
  name: string,
  sample: OptimSample,
  tensors: StoredTensors,
  strict: boolean,
): Outcome {
  const base = { op: name, id: sample.id, dtype: 'float32' };
  try {
    const failures = tidy(() => replay(name, sample, tensors, strict));
    const failed = (part: string): boolean => failures.some(({ what }) => what === part);
    const parts = {
      values: !failed('values'),
      ...(sample.state_after === undefined ? {} : { state: !failed('state') }),
    };
    return { ...base, status: failures.length > 0 ? 'failed' : 'passed', parts, failures };
  } catch (error) {
    const failures = [{ what: 'values', detail: messageOf(error) }];
    return { ...base, status: 'failed', parts: { values: false }, failures };
  }
}

function replay(name: string, sample: OptimSample, tensors: StoredTensors, strict: boolean): Failure[] {
  const stored: Stored = (ref) => makeTensor(tensors.get(ref)!);
  const tol = strict ? strictTolerance(name, sample.tol) : sample.tol;
  const params = sample.params.map((ref) => stored(ref).requiresGrad_());
  const options = Object.fromEntries(
    Object.entries(sample.kwargs).map(([key, arg]) => [camel(key), optionOf(arg, stored)]),
  );
  const optimizer = makeOptimizer(name, params, options) as AnyOptimizer;
  const closure = closureOf(sample, params, stored, optimizer);
  const failures: Failure[] = [];
  const note = (what: 'values' | 'state', at: string, detail: string | undefined): void => {
    if (detail !== undefined) failures.push({ what, detail: `${at}: ${detail}` });
  };
  sample.expected.forEach((expected, step) => {
    sample.grads?.[step]?.forEach((ref, i) => (params[i]!.grad = stored(ref)));
    const loss = optimizer.step(closure);
    const wanted = sample.losses?.[step];
    if (wanted !== undefined && !near(Number(loss!.item()), wanted, tol[0], tol[1]))
      note('values', `loss of step ${step}`, `got ${String(loss!.item())}, wanted ${wanted}`);
    expected.forEach((ref, i) => {
      note(
        'values',
        `parameter ${i} after step ${step}`,
        difference(readTensor(params[i]!), tensors.get(ref)!, tol),
      );
    });
  });
  for (const [i, entries] of Object.entries(sample.state_after ?? {})) {
    const state = optimizer.stateDict().state[Number(i)] ?? {};
    for (const [key, arg] of Object.entries(entries))
      note(
        'state',
        `${key} of parameter ${i}`,
        stateDifference(state[camel(key)], arg, tensors, strict ? rounding : tol),
      );
  }
  return failures;
}

function stateDifference(
  got: unknown,
  want: Arg,
  tensors: StoredTensors,
  tol: Tolerance,
): string | undefined {
  if (want.t === 'none') return got === undefined ? undefined : 'is there, wanted none';
  if (got === undefined) return 'not there';
  if (want.t === 'tensor') return difference(readTensor(got as Tensor), tensors.get(want.ref!)!, tol);
  if (want.t !== 'int' && want.t !== 'float') return undefined;
  const value = typeof got === 'number' ? got : Number((got as Tensor).item());
  return near(value, Number(want.v), ...tol) ? undefined : `got ${value}, wanted ${want.v}`;
}

/**
 * The sum of a (p - b)² / 2 and p⁴ / 20 over all elements of all parameters. In float64: L-BFGS stops where the loss no longer
 * changes, in float32 a matter of rounding; PyTorch's own results move by 6e-5 when the terms are added in another order.
 */
function closureOf(
  { objective }: OptimSample,
  params: readonly Tensor[],
  stored: Stored,
  optimizer: AnyOptimizer,
): (() => Tensor) | undefined {
  if (objective === undefined) return undefined;
  if (objective.kind !== 'quadratic_quartic') throw new Error(`an objective of kind ${objective.kind}`);
  const [a, b] = [objective.a, objective.b].map((refs) => refs.map((ref) => stored(ref).double()));
  return () => {
    optimizer.zeroGrad();
    const terms = params.map((param, i) => {
      const p = param.double();
      const square = p.sub(b![i]!).square().mul(a![i]!).sum().mul(0.5);
      return square.add(p.pow(4).sum().mul(0.05));
    });
    const loss = terms.reduce((sum, term) => sum.add(term));
    loss.backward();
    return loss;
  };
}
