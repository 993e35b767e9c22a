import { asGiven } from './autocast-policy.js';
import { Handle } from './backend/backend.js';
import { backend } from './backend/current.js';
import { currentPass } from './backward-pass.js';
import { checkTensors, noAttrs } from './check.js';
import { customOp } from './custom-op.js';
import { isFloat } from './dtype.js';
import { AutogradError } from './errors.js';
import { getRngState, withGeneratorState } from './generator.js';
import { enableGrad, isGradEnabled } from './grad-mode.js';
import { Module } from './nn/module.js';
import type { AnyModule, InputsOf, OutputOf } from './nn/module.js';
import { ones } from './ops/creation.js';
import { viewAs } from './ops/dims.js';
import { checkFunction, synchronous } from './scope.js';
import type { Synchronous } from './scope.js';
import type { Tensor } from './tensor.js';

type AnyFunction = (...inputs: unknown[]) => unknown;

/** What a call leaves for its backward pass, besides the tensors, which the tape holds. */
interface Call {
  readonly fn: AnyFunction;
  /** The inputs that are no tensors in their places, undefined in those of tensors. */
  readonly others: readonly unknown[];
  /** Which inputs are tensors. */
  readonly tensorsAt: readonly number[];
  /** Of a module, what it learns: more inputs behind those of the call. */
  readonly parameters: readonly Tensor[];
  /** A function may use parameters that nobody can name. */
  readonly captures: boolean;
  /** Whether the output is a tensor, not an array of them; known when it has run. */
  single: boolean;
}

const calls = new Map<number, Call>();
let counter = 0;

/**
 * Calls a module or function without keeping what its tape would: backward runs it a second time. Costs one more forward, and
 * saves the memory of all that is between its inputs and its outputs (Chen et al., 2016). Random numbers, as of dropout, are
 * the same in both runs, and so is {@link autocast}. Without recording, as in `noGrad`, it is a plain call.
 *
 * Outputs: a tensor, or an array of tensors. Give the module itself where there is one, rather than a function around it: its
 * parameters are known then, and `grad` and second derivatives work. For a function, gradients of parameters that it uses are
 * added to their `.grad` by `backward`; it is kept until its backward pass has run.
 *
 * What changes state as it runs, as the statistics of {@link BatchNorm2d}, does so twice.
 * @throws DTypeError for a function that gives something else than tensors.
 * @throws AutogradError from `grad`, or with `createGraph`, for a function that uses parameters of its own; from a second
 * backward pass without `retainGraph` in the first.
 * @example
 * import { checkpoint, nn, ones } from 'lanegrad';
 * const block = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(16, 4));
 * checkpoint(block, ones([2, 4])).sum().backward();
 * block.at(0).weight.grad?.shape; // => [16, 4]
 */
export function checkpoint<M extends AnyModule>(module: M, ...inputs: InputsOf<M>): OutputOf<M>;
export function checkpoint<In extends unknown[], Out>(
  fn: (...inputs: In) => Synchronous<Out>,
  ...inputs: In
): Out;
export function checkpoint(target: AnyModule | AnyFunction, ...inputs: unknown[]): unknown {
  const module = target instanceof Module ? target : undefined;
  if (module === undefined) checkFunction('checkpoint', target);
  const fn: AnyFunction = module
    ? (...values) => (module as Module<unknown[], unknown>).forward(...values)
    : (target as AnyFunction);
  if (!isGradEnabled()) return synchronous('checkpoint', fn(...inputs));
  const tensorsAt = inputs.flatMap((input, i) => (Handle.is(input) ? [i] : []));
  const call: Call = {
    fn,
    others: inputs.map((input) => (Handle.is(input) ? undefined : input)),
    tensorsAt,
    parameters: module?.parameters().filter((each) => each.requiresGrad) ?? [],
    captures: module === undefined,
    single: false,
  };
  const number = ++counter;
  calls.set(number, call);
  // What a function uses may require a gradient where none of its inputs does.
  const always = call.captures ? ones([], { requiresGrad: true }) : null;
  const tensors = [...tensorsAt.map((i) => inputs[i] as Tensor), ...call.parameters];
  try {
    const outputs = (op ??= makeOp())(number, always, ...tensors);
    // Nothing will come back for it.
    if (!outputs.some((output) => output.requiresGrad)) calls.delete(number);
    return call.single ? outputs[0] : outputs;
  } catch (error) {
    calls.delete(number);
    throw error;
  }
}

let op: ReturnType<typeof makeOp> | undefined;

function makeOp() {
  return customOp({
    name: 'checkpoint',
    forward(ctx, number: number, _always: Tensor | null, ...tensors: Tensor[]): readonly Tensor[] {
      const call = calls.get(number)!;
      ctx.attrs.number = number;
      ctx.attrs.needs = tensors.map((tensor) => isFloat(tensor.dtype) && tensor.requiresGrad);
      ctx.save(getRngState(), ...tensors);
      const outputs = run(call, tensors);
      call.single = !Array.isArray(outputs);
      return outputList(outputs);
    },
    backward(ctx, ...grads) {
      const [state, ...saved] = ctx.saved;
      const call = takeCall(ctx.attrs.number as number);
      const needs = ctx.attrs.needs as readonly boolean[];
      const compute = (tensors: readonly Tensor[]): readonly Tensor[] =>
        enableGrad(() => withGeneratorState(state!, () => outputList(run(call, tensors))));
      const found =
        call.captures && currentPass()?.into === 'leaves' && !isGradEnabled()
          ? intoLeaves(compute, saved, needs, grads)
          : forInputs(call, compute, saved, needs, grads);
      return [null, null, ...found];
    },
  });
}

type Compute = (tensors: readonly Tensor[]) => readonly Tensor[];
type Grads = readonly (Tensor | null)[];

function takeCall(number: number): Call {
  const call = calls.get(number);
  if (call === undefined) {
    throw new AutogradError(
      '[checkpoint] its backward pass was run already: pass retainGraph: true there to go back twice',
    );
  }
  if (currentPass()?.retainGraph !== true) calls.delete(number);
  return call;
}

function run({ fn, others, tensorsAt }: Call, tensors: readonly Tensor[]): unknown {
  const inputs = [...others];
  tensorsAt.forEach((at, k) => (inputs[at] = tensors[k]));
  return synchronous('checkpoint', fn(...inputs));
}

function outputList(outputs: unknown): readonly Tensor[] {
  const list: unknown = Handle.is(outputs) ? [outputs] : outputs;
  checkTensors('checkpoint', 'output of the function', list);
  return list;
}

/** Cut off from what led to them: the pass over the second run ends there. */
function cutOff(tensors: readonly Tensor[], needs: readonly boolean[]): Tensor[] {
  const former = backend.setGradMode(false);
  try {
    return tensors.map((tensor, i) => {
      const leaf = backend.run1('detach', [tensor], noAttrs);
      if (needs[i] === true) leaf.requiresGrad = true;
      return leaf;
    });
  } finally {
    backend.setGradMode(former);
  }
}

/** Outputs of the second run that gradients go through, and those gradients. */
function seeded(outputs: readonly Tensor[], grads: Grads): { roots: Tensor[]; seeds: Tensor[] } {
  const at = outputs.flatMap((output, i) => (output.requiresGrad && grads[i] ? [i] : []));
  return { roots: at.map((i) => outputs[i]!), seeds: at.map((i) => grads[i]!) };
}

/** A pass of its own over the second run, which reaches the parameters that the function uses. */
function intoLeaves(
  compute: Compute,
  saved: readonly Tensor[],
  needs: readonly boolean[],
  grads: Grads,
): Grads {
  const leaves = cutOff(saved, needs);
  const { roots, seeds } = seeded(compute(leaves), grads);
  if (roots.length > 0) {
    asGiven(() => backend.backward(roots, seeds, { retainGraph: false, createGraph: false }));
  }
  return leaves.map((leaf, i) => (needs[i] === true ? backend.getGrad(leaf) : null));
}

/** The gradients of the inputs, and of the parameters of a module, which are inputs here. */
function forInputs(
  call: Call,
  compute: Compute,
  saved: readonly Tensor[],
  needs: readonly boolean[],
  grads: Grads,
): Grads {
  if (call.captures) checkCaptures(compute, saved);
  const createGraph = isGradEnabled();
  const count = call.tensorsAt.length;
  const given = saved.slice(0, count);
  const own = createGraph
    ? given.map((tensor, i) => (needs[i] === true ? viewAs(tensor, tensor) : tensor))
    : cutOff(given, needs);
  const { roots, seeds } = seeded(compute(own), grads);
  const wanted = [...own, ...call.parameters];
  const at = wanted.flatMap((_, i) => (needs[i] === true ? [i] : []));
  if (roots.length === 0 || at.length === 0) return wanted.map(() => null);
  const targets = at.map((i) => wanted[i]!);
  const found = asGiven(() => backend.grad(roots, targets, seeds, { retainGraph: createGraph, createGraph }));
  return wanted.map((_, i) => (needs[i] === true ? found[at.indexOf(i)]! : null));
}

/** Without inputs that require a gradient, the outputs of a function require one only for what it uses besides. */
function checkCaptures(compute: Compute, saved: readonly Tensor[]): void {
  if (!compute(cutOff(saved, [])).some((output) => output.requiresGrad)) return;
  throw new AutogradError(
    '[checkpoint] got a function that uses parameters of its own, whose gradients are wanted here: pass the module itself',
  );
}
