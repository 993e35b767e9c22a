import { Handle } from './backend/backend.js';
import type { TensorInfo } from './backend/backend.js';
import { programOf } from './backend/busy.js';
import { backend, provideTensors } from './backend/current.js';
import { tensorMark } from './backend/describe.js';
import { checkTensor, describe, product } from './check.js';
import { makeTypedArray } from './dtype.js';
import type { DType, TypedArray, TypedArrayOf } from './dtype.js';
import { BusyError, DisposedError, ShapeError, ValueError } from './errors.js';
import { formatTensor } from './format.js';
import type { InPlaceMethods, TensorMethods } from './methods/types.js';
import type { HookHandle } from './hook-handle.js';
import { keep } from './scope.js';
import { registerHook, registerPostAccumulateGradHook } from './tensor-hooks.js';
import type { GradientHookFunction } from './tensor-hooks.js';

/** A value, or nested arrays of values. */
export type Nested<T> = T | Nested<T>[];

/** What `item` and `tolist` give for a dtype. */
export type ItemOf<D extends DType> = [D] extends ['bool'] ? boolean : number;

/** What only this file hands to the constructor. */
const fromBackend = Symbol('from a backend');

/** Counts what may have replaced a gradient since a `.grad` handle was cached. */
let gradientEpoch = 0;

export function gradientsChanged(): void {
  ++gradientEpoch;
}

/**
 * An n-dimensional array of one dtype: shape and strides over storage that views share. Made by `tensor`, `zeros`,
 * `randn` and the like, and by ops; every op is a function (`add(a, b)`) and most are methods too (`a.add(b)`).
 *
 * Shape and dtype never change. Memory is reclaimed without help; `dispose`, `using` and `tidy` only make it sooner.
 *
 * @example
 * import { tensor } from 'lanegrad';
 * const x = tensor([[1, 2], [3, 4]], { dtype: 'float32', requiresGrad: true });
 * x.square().sum().backward();
 * x.grad?.tolist(); // => [[2, 4], [6, 8]]
 */
// The ops are attached by methods/attach.ts; this is how their types get here.

// eslint-disable-next-line @typescript-eslint/no-unused-vars
export interface Tensor<D extends DType = DType> extends TensorMethods, InPlaceMethods {
  // dtype, below, makes Tensor<'int64'> and Tensor<'float32'> different types.
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Tensor<D extends DType = DType> extends Handle {
  /** @internal */ cachedInfo: TensorInfo | undefined = undefined;
  /** @internal */ cachedGrad: Tensor | undefined = undefined;
  /** @internal */ cachedGradEpoch = 0;

  private constructor(made?: symbol) {
    super();
    if (made !== fromBackend) {
      throw new ValueError('[Tensor] is not made with new: use tensor(data), zeros(shape) and the like');
    }
  }

  /** @internal An object for a backend to fill in. */
  static make(): Tensor {
    return new this(fromBackend);
  }

  /** @internal By which another copy of the library tells what it is. */
  get [tensorMark](): true {
    return true;
  }

  /** @internal */
  get info(): TensorInfo {
    return (this.cachedInfo ??= backend.info(this));
  }

  /** The element type. */
  get dtype(): D {
    return this.info.dtype as D;
  }

  /** The sizes, outermost first. `[]` for a single value. */
  get shape(): readonly number[] {
    return this.info.shape;
  }

  /** How many elements lie between neighbours along each dim. */
  get strides(): readonly number[] {
    return this.info.strides;
  }

  /** The number of dims. */
  get ndim(): number {
    return this.info.shape.length;
  }

  /** The number of elements. */
  numel(): number {
    return product(this.info.shape);
  }

  /** The size of one dim; negative dims count from the end. `size()` is `shape`. */
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): number | readonly number[] {
    const shape = this.info.shape;
    if (dim === undefined) return shape;
    const size = shape.at(dim);
    if (size === undefined) {
      throw new ShapeError(`[size] dim: got ${dim} for a tensor of ${shape.length} dims`);
    }
    return size;
  }

  /** Whether the elements lie row-major without gaps. */
  isContiguous(): boolean {
    const { shape, strides } = this.info;
    let expected = 1;
    for (let i = shape.length - 1; i >= 0; --i) {
      const size = shape[i]!;
      if (size === 0) return true;
      if (size !== 1 && strides[i] !== expected) return false;
      expected *= size;
    }
    return true;
  }

  /**
   * A copy of the elements in row-major order, in the typed array of the dtype: int64 gives a BigInt64Array, bool a
   * Uint8Array of 0 and 1.
   *
   * @example
   * import { arange } from 'lanegrad';
   * arange(3, { dtype: 'float32' }).data; // => new Float32Array([0, 1, 2])
   */
  get data(): TypedArrayOf[D] {
    return backend.read(this) as TypedArrayOf[D];
  }

  /**
   * The elements as `data` gives them, as they are at the time of the call, copied on another thread: the event loop goes on
   * meanwhile, which counts for large tensors in a server. The tensor may be disposed or written to before the promise
   * resolves. The TypeScript backend copies at once.
   *
   * @throws DisposedError (the promise is rejected) for a tensor that was freed.
   * @throws OutOfMemoryError if JavaScript cannot hold the elements.
   * @example
   * import { arange } from 'lanegrad';
   * await arange(3, { dtype: 'float32' }).read(); // => new Float32Array([0, 1, 2])
   */
  async read(): Promise<TypedArrayOf[D]> {
    return (await backend.readLater(this)) as TypedArrayOf[D];
  }

  /**
   * The value of a tensor with one element.
   *
   * @throws ShapeError if there is not exactly one element.
   * @throws ValueError for an int64 beyond 2^53.
   * @example
   * import { tensor } from 'lanegrad';
   * tensor([2.5]).item(); // => 2.5
   */
  item(): ItemOf<D> {
    if (this.numel() !== 1) {
      throw new ShapeError(`[item] got a tensor of shape [${this.shape.join(', ')}], wanted one element`);
    }
    return toItems('item', this.dtype, backend.read(this))[0] as ItemOf<D>;
  }

  /**
   * The elements as nested arrays: numbers, or booleans for bool. A 0-dim tensor gives its value.
   *
   * @throws ValueError for an int64 beyond 2^53; `data` gives it as a bigint.
   * @example
   * import { tensor } from 'lanegrad';
   * tensor([[1, 2], [3, 4]]).tolist(); // => [[1, 2], [3, 4]]
   */
  tolist(): Nested<ItemOf<D>> {
    return nest(toItems('tolist', this.dtype, backend.read(this)), this.shape) as Nested<ItemOf<D>>;
  }

  /** As PyTorch prints it. */
  override toString(): string {
    return formatTensor(this);
  }

  /** @internal What console.log shows. Looking at a tensor that was freed, or is being written, is no error. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    if (!Handle.is(this)) return 'Tensor {}';
    try {
      return formatTensor(this);
    } catch (error) {
      if (error instanceof DisposedError) return 'tensor(<disposed>)';
      if (error instanceof BusyError)
        return `tensor(<in use by ${programOf(error)}>, size=[${this.shape.join(', ')}], dtype=${this.dtype})`;
      throw error;
    }
  }

  /** What `JSON.stringify` writes: the elements as `tolist` gives them. dtype and shape of an empty tensor are lost. */
  toJSON(): Nested<ItemOf<D>> {
    return this.tolist();
  }

  /**
   * @internal JavaScript's operators know no tensors: `x + 1` would be a string and `x * 2` NaN.
   * @throws ValueError except for text, as in `${x}`.
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return formatTensor(this);
    throw new ValueError(
      '[Tensor] operators do not work on tensors: use methods (x.add(1), x.mul(y), x.gt(0)), item() for the number ' +
        'in a tensor of one element, `${x}` for text',
    );
  }

  // Autograd

  /** Whether gradients flow to this tensor: set on leaves, true for what was computed from one. */
  get requiresGrad(): boolean {
    return backend.requiresGrad(this);
  }
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }

  /** Sets `requiresGrad` and returns this tensor. */
  requiresGrad_(value = true): this {
    if (typeof (value as unknown) !== 'boolean')
      throw new ValueError(`[requiresGrad] got ${describe(value)}, wanted a boolean`);
    backend.setRequiresGrad(this, value);
    return this;
  }

  /** Not computed from a tensor that requires a gradient. */
  get isLeaf(): boolean {
    return backend.isLeaf(this);
  }

  /** The op that made it, as PyTorch names it (`AddBackward`), or null for a leaf. */
  get gradFn(): string | null {
    const op = backend.gradFn(this)?.replace(/^customOp:/, '') ?? null;
    return op === null ? null : `${op.charAt(0).toUpperCase()}${op.slice(1)}Backward`;
  }

  /**
   * The gradient that `backward` accumulated, or null. The same object until it is replaced.
   * Assigning replaces it; null clears it.
   */
  get grad(): Tensor | null {
    if (this.cachedGrad !== undefined && this.cachedGradEpoch === gradientEpoch) return this.cachedGrad;
    const grad = backend.getGrad(this);
    if (grad === null) {
      this.cachedGrad = undefined;
      return null;
    }
    this.cachedGrad = keep(grad);
    this.cachedGradEpoch = gradientEpoch;
    return grad;
  }
  set grad(value: Tensor | null) {
    if (value !== null) checkTensor('grad', 'value', value);
    backend.setGrad(this, value);
    // Of another handle on the same tensor too.
    if (value !== null) ++gradientEpoch;
    this.cachedGrad = undefined;
  }

  /** Keeps the gradient of a non-leaf in `.grad` too. Returns this tensor. */
  retainGrad(): this {
    backend.retainGrad(this);
    return this;
  }

  /**
   * Calls `hook` with the gradient of this tensor whenever a backward pass has computed it; what it returns takes its place.
   * That of a leaf is called at the end of the pass, with all that the pass adds to `.grad`. PyTorch's `register_hook`.
   *
   * @param hook Returns a tensor of the same shape and dtype, or nothing.
   * @throws AutogradError if the tensor requires no gradient.
   * @example
   * import { tensor } from 'lanegrad';
   * const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
   * const y = x.mul(2);
   * const handle = y.registerHook((grad) => grad.clamp({ max: 1 }));
   * y.square().sum().backward();
   * x.grad?.tolist(); // => [2, 2]
   * handle.remove();
   */
  registerHook(hook: GradientHookFunction): HookHandle {
    return registerHook(this, hook);
  }

  /**
   * Calls `hook` with this leaf at the end of every backward pass that has added to its `.grad`: to clip it, or to step an
   * optimizer of its own. PyTorch's `register_post_accumulate_grad_hook`.
   *
   * @throws AutogradError if the tensor is no leaf that requires a gradient.
   * @example
   * import { tensor } from 'lanegrad';
   * const w = tensor([1, 2], { dtype: 'float32', requiresGrad: true });
   * w.registerPostAccumulateGradHook((leaf) => leaf.grad?.clamp_({ max: 3 }));
   * w.square().sum().backward();
   * w.grad?.tolist(); // => [2, 3]
   */
  registerPostAccumulateGradHook(hook: (leaf: Tensor) => unknown): HookHandle {
    return registerPostAccumulateGradHook(this, hook);
  }

  /** Frees the memory now. Using the tensor afterwards throws DisposedError; disposing twice is harmless. */
  dispose(): void {
    backend.release(this);
    this.cachedInfo = undefined;
    this.cachedGrad = undefined;
  }

  /** For `using x = ...`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** JavaScript values of elements: numbers, booleans for bool. */
export function toItems(op: string, dtype: DType, data: TypedArray): (number | boolean)[] {
  if (dtype === 'bool') return Array.from(data as Uint8Array, (value) => value !== 0);
  if (data instanceof BigInt64Array) {
    return Array.from(data, (value) => {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) {
        throw new ValueError(
          `[${op}] got the int64 ${value}, which no number holds exactly; read .data instead`,
        );
      }
      return number;
    });
  }
  return Array.from(data);
}

function nest<T>(values: readonly T[], shape: readonly number[]): Nested<T> {
  if (shape.length === 0) return values[0]!;
  let offset = 0;
  const level = (dim: number): Nested<T>[] => {
    const size = shape[dim]!;
    if (dim === shape.length - 1) return values.slice(offset, (offset += size));
    return Array.from({ length: size }, () => level(dim + 1));
  };
  return level(0);
}

/** A tensor of this dtype from numbers. */
export function fromNumbers(dtype: DType, shape: readonly number[], values: ArrayLike<number>): Tensor {
  const data = makeTypedArray(dtype, values.length);
  if (data instanceof BigInt64Array) {
    for (let i = 0; i < values.length; ++i) data[i] = BigInt(values[i]!);
  } else {
    for (let i = 0; i < values.length; ++i) data[i] = values[i]!;
  }
  return backend.create(dtype, shape, data);
}

provideTensors(() => Tensor.make());
