import { checkOptions, checkTensor, shapeText } from '../../check.js';
import type { DType, FloatDType } from '../../dtype.js';
import { ShapeError } from '../../errors.js';
import { withSeed } from '../../generator.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { layerDType } from '../options.js';
import type { LayerOptions } from '../options.js';
import { contentsOf } from '../tree.js';
import type { Contents, Pending } from '../tree.js';

/** How a lazy module of one kind finds its size. */
export interface LazyKind {
  readonly name: string;
  /** What x may look like, for errors: `[N, C, L]`. */
  readonly wanted: string;
  /** The numbers of dims that x may have; null for any from 1. */
  readonly ranks: readonly number[] | null;
  /** The dim of x that has the size, from the end. */
  readonly dim: (rank: number) => number;
  /** The size in a state that is to be loaded; undefined if it does not say. */
  readonly sizeIn: (shapeOf: (name: string) => readonly number[] | undefined) => number | undefined;
}

/**
 * The base of modules that take one of their sizes from the first input, or from the first state that is loaded. Until then
 * there is no `layer`, and to ask for parameters is an error: run a batch through the model before making the optimizer.
 *
 * Names in `stateDict` are those of the layer itself.
 */
export abstract class LazyModule<
  In extends [x: Tensor, ...unknown[]] = [Tensor],
  Layer extends Module<In> = Module<In>,
> extends Module<In> {
  /** The layer that does the work, once its size is known. */
  layer: Layer | null = null;
  readonly #kind: LazyKind;
  #dtype: FloatDType;

  protected constructor(kind: LazyKind, options: LayerOptions) {
    super();
    checkOptions(kind.name, options);
    this.#kind = kind;
    this.#dtype = layerDType(kind.name, options);
  }

  /** The layer for a size. */
  protected abstract make(size: number, dtype: FloatDType): Layer;

  protected override stateName(field: string): string {
    return field === 'layer' ? '' : field;
  }

  /** @internal */
  override [contentsOf](): Contents {
    const contents = super[contentsOf]();
    return this.layer === null ? { ...contents, pending: this.#pending() } : contents;
  }

  forward(...inputs: In): Tensor {
    return (this.layer ?? this.#makeFor(inputs[0])).forward(...inputs);
  }

  /** Throws what the layer would throw for these options, by making a small one; the random numbers stay where they are. */
  protected tryOut(size: number): void {
    withSeed(0, () => void this.make(size, this.#dtype));
  }

  #makeFor(x: Tensor): Layer {
    const { name, wanted, ranks, dim } = this.#kind;
    checkTensor(name, 'x', x);
    const fits = ranks === null ? x.ndim > 0 : ranks.includes(x.ndim);
    if (!fits) throw new ShapeError(`[${name}] x is ${shapeText(x.shape)}, wanted ${wanted}`);
    return this.#makeWith(x.shape.at(dim(x.ndim))!);
  }

  #makeWith(size: number): Layer {
    const layer = this.make(size, this.#dtype);
    layer.training = this.training;
    this.layer = layer;
    return layer;
  }

  #pending(): Pending {
    const { name, sizeIn } = this.#kind;
    return {
      message: `[${name}] has no parameters before its first input: run a batch through the model`,
      setDType: (dtype: DType) => (this.#dtype = dtype as FloatDType),
      prepare: (shapeOf) => {
        const size = sizeIn(shapeOf);
        if (size !== undefined) this.#makeWith(size);
      },
    };
  }
}
