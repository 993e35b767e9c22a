import { Handle } from '../backend/backend.js';
import { afterPass } from '../backward-pass.js';
import { checkSameShape, checkTensor, describe } from '../check.js';
import { customOp } from '../custom-op.js';
import { ValueError } from '../errors.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';
import type { AnyModule } from './module.js';

// Hooks on the gradients of a module. Its inputs and its outputs pass through an op each that computes nothing, whose gradient
// calls the hooks. What is between the two is one call of the module.

/** One for each tensor among the inputs or outputs, in order; null where no gradient flows. */
export type Gradients = readonly (Tensor | null)[];

export type BackwardHook = (...values: unknown[]) => unknown;

/** What a module has registered. */
export interface BackwardHooked {
  readonly module: AnyModule;
  readonly backwardPre: readonly BackwardHook[];
  readonly backward: readonly BackwardHook[];
}

/** What the tape holds of a call: the ops find their module by number, since no tape holds JavaScript objects. */
type Mark = Readonly<{
  hooked: number;
  call: number;
  /** Tensors among the inputs, and among the outputs. */
  inputs: number;
  outputs: number;
  /** Which of these pass through this op: those that require a gradient. */
  at: readonly number[];
  /** Whether inputs pass through an op too. */
  paired: boolean;
}>;

const numbers = new WeakMap<BackwardHooked, number>();
const modules = new Map<number, WeakRef<BackwardHooked>>();
const gone = new FinalizationRegistry<number>((number) => modules.delete(number));

function numberOf(hooked: BackwardHooked): number {
  let number = numbers.get(hooked);
  if (number === undefined) {
    number = ++counter;
    numbers.set(hooked, number);
    modules.set(number, new WeakRef(hooked));
    gone.register(hooked, number);
  }
  return number;
}

let counter = 0;

/** Between the gradient of a call's outputs and that of its inputs: the former, for the hooks. */
const awaiting = new Map<number, Gradients>();

/** Calls a module with its hooks on the gradients. */
export function callHooked(
  hooked: BackwardHooked,
  inputs: unknown[],
  forward: (inputs: unknown[]) => unknown,
): unknown {
  const { inputsOp, outputsOp } = (ops ??= makeOps());
  const call = ++counter;
  const given = tensorsIn(inputs);
  const mark = { hooked: numberOf(hooked), call, inputs: given.length, outputs: 0, paired: true };
  const tapped = pass(inputs, given, (at, tensors) => inputsOp({ ...mark, at }, ...tensors));
  const output = forward((tapped ?? inputs) as unknown[]);
  const results = tensorsIn(output);
  const own = { ...mark, outputs: results.length, paired: tapped !== undefined };
  return pass(output, results, (at, tensors) => outputsOp({ ...own, at }, ...tensors)) ?? output;
}

/** `value` with those of its tensors that require a gradient replaced by what `op` makes of them; undefined if none does. */
function pass(
  value: unknown,
  tensors: readonly Tensor[],
  op: (at: number[], tensors: readonly Tensor[]) => readonly Tensor[],
): unknown {
  const at = tensors.flatMap((tensor, i) => (tensor.requiresGrad ? [i] : []));
  if (at.length === 0) return undefined;
  const results = op(
    at,
    at.map((i) => tensors[i]!),
  );
  const made = new Map(at.map((i, k) => [i, results[k]!]));
  let next = 0;
  return mapTensors(value, (tensor) => made.get(next++) ?? tensor);
}

/** A value with its tensors replaced: alone, in arrays, in plain objects. */
function mapTensors(value: unknown, fn: (tensor: Tensor) => Tensor): unknown {
  if (Handle.is(value)) return fn(value as Tensor);
  if (Array.isArray(value)) return value.map((entry) => mapTensors(entry, fn));
  if (typeof value !== 'object' || value === null) return value;
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapTensors(entry, fn)]));
}

function tensorsIn(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(value, (tensor) => (found.push(tensor), tensor));
  return found;
}

let ops: ReturnType<typeof makeOps> | undefined;

function makeOps() {
  const inputsOp = customOp({
    name: 'moduleInputs',
    forward(ctx, mark: Mark, ...tensors: Tensor[]): readonly Tensor[] {
      ctx.attrs = { ...mark };
      return tensors;
    },
    backward(ctx, ...grads) {
      const mark = ctx.attrs as unknown as Mark;
      const gradOutputs = awaiting.get(mark.call);
      awaiting.delete(mark.call);
      const hooked = modules.get(mark.hooked)?.deref();
      if (hooked === undefined || gradOutputs === undefined) return [null, ...grads];
      const all = runPost(hooked, spread(mark.inputs, mark.at, grads), gradOutputs);
      return [null, ...mark.at.map((i) => all[i] ?? null)];
    },
  });
  const outputsOp = customOp({
    name: 'moduleOutputs',
    forward(ctx, mark: Mark, ...tensors: Tensor[]): readonly Tensor[] {
      ctx.attrs = { ...mark };
      return tensors;
    },
    backward(ctx, ...grads) {
      const mark = ctx.attrs as unknown as Mark;
      const hooked = modules.get(mark.hooked)?.deref();
      if (hooked === undefined) return [null, ...grads];
      let all = spread(mark.outputs, mark.at, grads);
      for (const hook of hooked.backwardPre) {
        all = changed('registerFullBackwardPreHook', hook(hooked.module, all), all);
      }
      if (mark.paired) hold(mark.call, all);
      else runPost(hooked, new Array<null>(mark.inputs).fill(null), all);
      return [null, ...mark.at.map((i) => all[i] ?? null)];
    },
  });
  return { inputsOp, outputsOp };
}

function hold(call: number, gradients: Gradients): void {
  for (const gradient of gradients) if (gradient !== null) keep(gradient);
  awaiting.set(call, gradients);
  // A pass that wants the gradients of parameters alone never comes to the inputs.
  afterPass(() => awaiting.delete(call));
}

function runPost(hooked: BackwardHooked, gradInputs: Gradients, gradOutputs: Gradients): Gradients {
  let all = gradInputs;
  for (const hook of hooked.backward) {
    all = changed('registerFullBackwardHook', hook(hooked.module, all, gradOutputs), all);
  }
  return all;
}

function spread(count: number, at: readonly number[], grads: Gradients): Gradients {
  const all = new Array<Tensor | null>(count).fill(null);
  at.forEach((i, k) => (all[i] = grads[k] ?? null));
  return all;
}

/** What a hook gave instead of the gradients, if anything. */
function changed(op: string, result: unknown, former: Gradients): Gradients {
  if (result === undefined || result === null) return former;
  const given: unknown = Handle.is(result) ? [result] : result;
  if (!Array.isArray(given) || given.length !== former.length) {
    const got = Array.isArray(given) ? `${given.length} gradients` : describe(given);
    throw new ValueError(`[${op}] the hook gave ${got}, wanted nothing or ${former.length} gradients`);
  }
  given.forEach((gradient: unknown, i) => {
    if (gradient === null) return;
    checkTensor(op, `gradient ${i} of the hook`, gradient);
    const own = former[i];
    if (own) checkSameShape(op, gradient, `gradient ${i} of the hook`, own, 'the one it replaces');
  });
  return given as Gradients;
}
