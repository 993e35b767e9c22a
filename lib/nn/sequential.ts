import { checkInt, describe } from '../check.js';
import { IndexError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import type { AnyModule, InputsOf, OutputOf } from './module.js';

type Layers = readonly AnyModule[];

/** The layers, each replaced by what would have to stand there if it does not take what the one before it gives. */
type Fitting<L extends Layers, In extends unknown[]> = L extends readonly [
  infer First extends AnyModule,
  ...infer Rest extends Layers,
]
  ? [In extends InputsOf<First> ? First : Module<In, OutputOf<First>>, ...Fitting<Rest, [OutputOf<First>]>]
  : L;

/** {@link Fitting} from the first layer on; a list of unknown length is as it is. */
export type Chained<L extends Layers> = L extends readonly [infer First extends AnyModule, ...Layers]
  ? Fitting<L, InputsOf<First>>
  : L;

export type ChainInputs<L extends Layers> = L extends readonly [infer First, ...unknown[]]
  ? InputsOf<First>
  : L extends readonly []
    ? [Tensor]
    : InputsOf<L[number]>;

export type ChainOutput<L extends Layers> = L extends readonly [...unknown[], infer Last]
  ? OutputOf<Last>
  : L extends readonly []
    ? Tensor
    : OutputOf<L[number]>;

/**
 * Layers one after the other: each takes what the one before it gives, which the compiler checks. Tensors made between the
 * layers are released when it returns; what a layer stores in a field needs {@link keep}.
 *
 * The layers are called `0`, `1`, ... in names of parameters and in errors.
 * @throws ValueError for what is not a module.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
 * net.forward(ones([5, 4])).shape; // => [5, 2]
 * net.at(0).outFeatures; // => 8
 * Object.keys(net.stateDict()); // => ['0.weight', '0.bias', '2.weight', '2.bias']
 */
export class Sequential<L extends Layers = readonly Module[]> extends Module<ChainInputs<L>, ChainOutput<L>> {
  readonly layers: L;

  constructor(...layers: L & Chained<L>) {
    super();
    checkModules('Sequential', layers);
    this.layers = layers;
  }

  protected override stateName(field: string): string {
    return field === 'layers' ? '' : field;
  }

  forward(...inputs: ChainInputs<L>): ChainOutput<L> {
    return scoped(() => {
      let values: readonly unknown[] = inputs;
      for (const layer of this.layers) values = [layer.forward(...(values as never))];
      return values[0] as ChainOutput<L>;
    });
  }

  /** The number of layers. */
  get length(): number {
    return this.layers.length;
  }

  /**
   * One layer; negative counts from the end.
   *
   * @throws IndexError if there is none.
   */
  at<I extends number>(index: I): L[I] extends AnyModule ? L[I] : L[number] {
    return moduleAt('Sequential', this.layers, index);
  }

  [Symbol.iterator](): IterableIterator<L[number]> {
    return this.layers[Symbol.iterator]();
  }
}

/** Complains of the first that is no module. */
export function checkModules(op: string, values: readonly unknown[]): void {
  values.forEach((value, i) => {
    if (!(value instanceof Module)) {
      const { got, hint } = insteadOf(op, value);
      throw new ValueError(`[${op}] layer ${i}: got ${got}, wanted a module${hint}`);
    }
  });
}

/** How what is no module is called, and what to write for it. */
function insteadOf(op: string, value: unknown): { got: string; hint: string } {
  const got = describe(value);
  // The one that takes its layers as arguments.
  if (op === 'Sequential' && Array.isArray(value))
    return { got, hint: '; spread the array: new nn.Sequential(...layers)' };
  if (typeof value !== 'function') return { got, hint: '' };
  if (value.prototype instanceof Module)
    return { got: `the class ${value.name}`, hint: `, as new ${value.name}() makes` };
  return { got, hint: ', as new nn.Lambda(fn) makes of a function' };
}

/** An entry of a list; negative counts from the end. */
export function moduleAt<M>(op: string, list: readonly M[], index: number, what = 'modules'): M {
  checkInt(op, 'index', index);
  const module = list.at(index);
  if (module === undefined) throw new IndexError(`[${op}] index: got ${index} for ${list.length} ${what}`);
  return module;
}
