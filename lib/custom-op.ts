import { autocastScope, withAutocastScope } from './autocast-policy.js';
import type { AutocastDType } from './autocast-policy.js';
import { Handle } from './backend/backend.js';
import { backend } from './backend/current.js';
import { checkOptions, checkTensor, describe, noAttrs } from './check.js';
import { DTypeError, ValueError } from './errors.js';
import { noGrad } from './grad-mode.js';
import { checkFunction, closeScope, openScope, synchronous } from './scope.js';
import type { Tensor } from './tensor.js';

/** What JSON holds, and numbers that it does not: NaN, the infinities, -0. */
export type PlainData =
  string | number | boolean | null | undefined | readonly PlainData[] | { readonly [key: string]: PlainData };

/** What `forward` gets besides its arguments. */
export interface ForwardContext {
  /** Keeps tensors for `backward`: inputs, outputs, or others. Calls add up. */
  save(...tensors: readonly Tensor[]): void;
  /** Plain data for `backward`: assign to it. */
  attrs: Record<string, PlainData>;
}

/** What `backward` gets besides the gradients. */
export interface BackwardContext {
  /** The tensors that `forward` saved, in order. */
  readonly saved: readonly Tensor[];
  readonly attrs: Readonly<Record<string, PlainData>>;
}

/** One gradient per argument of `forward`, null for none; a single one may stand for itself. */
export type CustomGradients = Tensor | null | readonly (Tensor | null | undefined)[];

export interface CustomOpDefinition<
  Arguments extends readonly (Tensor | PlainData)[],
  Output extends Tensor | readonly Tensor[],
> {
  /** As `gradFn` and errors show it. Default `custom`. */
  name?: string;
  /** Computes the output or outputs, without recording. */
  forward(ctx: ForwardContext, ...args: Arguments): Output;
  /**
   * Given the gradient of each output (null where nothing depends on it), computes those of the arguments. Written in ops,
   * it can be differentiated itself.
   */
  backward(ctx: BackwardContext, ...grads: (Tensor | null)[]): CustomGradients;
}

/**
 * An op with a gradient of your own. `forward` runs unrecorded and in a scope: what it makes and neither returns nor
 * saves is released. Arguments are tensors and plain data; `backward` gives one gradient for each, null for plain data.
 * An input that `forward` returns comes out as a tensor of its own on the same memory.
 *
 * Nothing in JavaScript is kept per call: pass values through `ctx.save` and `ctx.attrs`, not through closures.
 *
 * @throws DTypeError if `forward` gives something else than tensors, or an argument holds tensors in an array.
 * @throws ValueError if `ctx.attrs` is no plain data, or `backward` gives another number of gradients than arguments.
 * @throws ShapeError if a gradient has not the shape of its input.
 * @example
 * import { customOp, tensor, type Tensor } from 'lanegrad';
 * const scaledExp = customOp({
 *   name: 'scaledExp',
 *   forward(ctx, x: Tensor, scale: number) {
 *     const y = x.mul(scale).exp();
 *     ctx.save(y);
 *     ctx.attrs.scale = scale;
 *     return y;
 *   },
 *   backward(ctx, grad) {
 *     return [grad!.mul(ctx.saved[0]!).mul(ctx.attrs.scale as number), null];
 *   },
 * });
 * const x = tensor([0, 0], { dtype: 'float32', requiresGrad: true });
 * scaledExp(x, 3).sum().backward();
 * x.grad?.tolist(); // => [3, 3]
 */
export function customOp<
  Arguments extends readonly (Tensor | PlainData)[],
  Output extends Tensor | readonly Tensor[],
>(definition: CustomOpDefinition<Arguments, Output>): (...args: Arguments) => Output {
  checkOptions('customOp', definition);
  const { name = 'custom' } = definition;
  if (typeof name !== 'string' || name === '') {
    throw new ValueError(`[customOp] name: got ${describe(name)}, wanted a string`);
  }
  const op = `customOp:${name}`;
  const parts: { readonly forward?: unknown; readonly backward?: unknown } = definition;
  checkFunction(`${op}.forward`, parts.forward);
  checkFunction(`${op}.backward`, parts.backward);

  const custom = backend.registerCustom(name, (grads, saved, text) => {
    const { attrs, tensorsAt, count, autocast } = JSON.parse(text, revive) as Call;
    const result = withAutocastScope(autocast, () => definition.backward({ saved, attrs }, ...grads));
    return inputGradients(op, result, tensorsAt, count);
  });

  return (...args) => {
    const inputs: Tensor[] = [];
    const tensorsAt: number[] = [];
    args.forEach((argument, i) => {
      if (Handle.is(argument)) {
        inputs.push(argument);
        tensorsAt.push(i);
      } else if (Array.isArray(argument) && argument.some((entry) => Handle.is(entry))) {
        throw new DTypeError(
          `[${op}] argument ${i}: got an array of tensors, wanted each as an argument of its own`,
        );
      }
    });
    const ctx = new CallContext(op);
    let kept: readonly Tensor[] = [];
    openScope();
    try {
      const result = unrecorded(definition, ctx, args);
      const single = Handle.is(result);
      const outputs = freshOutputs(op, single ? [result] : result, inputs);
      const call: Call = { attrs: ctx.attrs, tensorsAt, count: args.length, autocast: autocastScope() };
      const text = callText(op, call);
      backend.attachCustom(custom, inputs, outputs, Array.from(ctx.saved), text);
      kept = outputs;
      return (single ? outputs[0] : outputs) as Output;
    } finally {
      closeScope(kept);
    }
  };
}

class CallContext implements ForwardContext {
  attrs: Record<string, PlainData> = {};
  readonly saved: Tensor[] = [];

  constructor(private readonly op: string) {}

  save(...tensors: readonly Tensor[]): void {
    tensors.forEach((tensor, i) => checkTensor(this.op, `ctx.save argument ${i}`, tensor));
    this.saved.push(...tensors);
  }
}

function unrecorded<
  Arguments extends readonly (Tensor | PlainData)[],
  Output extends Tensor | readonly Tensor[],
>(definition: CustomOpDefinition<Arguments, Output>, ctx: ForwardContext, args: Arguments): Output {
  const former = backend.setGradMode(false);
  try {
    return synchronous('customOp', definition.forward(ctx, ...args));
  } finally {
    backend.setGradMode(former);
  }
}

/** What a call leaves for `backward`, as text. */
interface Call {
  readonly attrs: Record<string, PlainData>;
  /** Which arguments were tensors, of how many. */
  readonly tensorsAt: readonly number[];
  readonly count: number;
  /** Of the scope that it was called in: `backward` runs in the same, since what was saved is not cast. */
  readonly autocast: AutocastDType | null;
}

/** Each output as a tensor that the tape does not know yet: an input, or a second mention, becomes an alias. */
function freshOutputs(op: string, outputs: readonly Tensor[], inputs: readonly Tensor[]): Tensor[] {
  if (!Array.isArray(outputs)) {
    throw new DTypeError(
      `[${op}] forward returned ${describe(outputs)}, wanted a tensor or an array of tensors`,
    );
  }
  const seen = new Set<Tensor>(inputs);
  return Array.from(outputs, (output: Tensor, j) => {
    if (!Handle.is(output))
      throw new DTypeError(`[${op}] forward returned ${describe(output)} as output ${j}, wanted a tensor`);
    if (seen.has(output)) return noGrad(() => backend.run1('detach', [output], noAttrs));
    seen.add(output);
    return output;
  });
}

function inputGradients(
  op: string,
  result: CustomGradients,
  tensorsAt: readonly number[],
  count: number,
): (Tensor | null)[] {
  const given: unknown = result === null || Handle.is(result) ? [result] : result;
  if (!Array.isArray(given) || given.length !== count) {
    const got = Array.isArray(given) ? `${given.length} gradients` : describe(given);
    throw new ValueError(
      `[${op}] backward returned ${got}, wanted ${count}, one for each argument of forward`,
    );
  }
  const gradients = given as readonly (Tensor | null | undefined)[];
  gradients.forEach((gradient, i) => {
    if (gradient === null || gradient === undefined) return;
    checkTensor(op, `backward, gradient ${i}`, gradient);
    if (!tensorsAt.includes(i)) {
      throw new ValueError(
        `[${op}] backward returned a gradient for argument ${i}, which is no tensor; wanted null`,
      );
    }
  });
  return tensorsAt.map((i) => gradients[i] ?? null);
}

// JSON has no NaN, infinities or -0, and would silently write null or 0 for them.

function callText(op: string, call: Call): string {
  try {
    return JSON.stringify(call, plain(op));
  } catch (error) {
    if (error instanceof ValueError) throw error;
    const why = error instanceof Error ? error.message.split('\n')[0]! : describe(error);
    throw new ValueError(`[${op}] ctx.attrs: wanted plain data, which can be written as JSON: ${why}`);
  }
}

const specialNumber = 'lanegrad:number';

function plain(op: string): (this: unknown, key: string, value: unknown) => unknown {
  return function (key) {
    // As it stands in its object: what JSON hands over may be its toJSON() already, a list for a tensor.
    const value: unknown = (this as Record<string, unknown>)[key];
    switch (typeof value) {
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { [specialNumber]: Object.is(value, -0) ? '-0' : String(value) };
      case 'object':
        if (value === null || Array.isArray(value)) return value;
        if (
          !Handle.is(value) &&
          [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)
        )
          return value;
        break;
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      default:
        break;
    }
    const advice = Handle.is(value) ? '; pass tensors to ctx.save' : '';
    throw new ValueError(`[${op}] ctx.attrs.${key}: got ${describe(value)}, wanted plain data${advice}`);
  };
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(specialNumber in value)) return value;
  return Number(value[specialNumber]);
}
