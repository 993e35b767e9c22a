import { Handle } from '../backend/backend.js';
import { refuseRecorded } from '../backend/recording.js';
import { checkInt, describe, product, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/** Numbers: a tensor, a typed array, or an array. */
export type Numbers = Tensor | readonly number[] | Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * A number about many batches: `update` takes a batch, `compute` gives the number for all since `reset`, `merge` adds what
 * another one has seen, as of another worker. What is kept is a few counts, unless a metric says otherwise.
 *
 * @example
 * import { metrics, type Tensor } from 'lanegrad';
 * class Largest extends metrics.Metric<[Tensor], number> {
 *   private largest = -Infinity;
 *   update(x: Tensor): void {
 *     this.largest = Math.max(this.largest, x.max().item());
 *   }
 *   compute(): number {
 *     return this.largest;
 *   }
 *   reset(): void {
 *     this.largest = -Infinity;
 *   }
 *   protected override add(other: this): void {
 *     this.largest = Math.max(this.largest, other.largest);
 *   }
 * }
 * new Largest().compute(); // => -Infinity
 */
export abstract class Metric<In extends unknown[] = unknown[], Out = number> {
  /** Takes a batch. */
  abstract update(...inputs: In): void;

  /** The value for all batches. Numbers of nothing are NaN. */
  abstract compute(): Out;

  /** Forgets all batches. */
  abstract reset(): void;

  /** Adds what `other` has seen; it is of the same class and options. */
  protected abstract add(other: this): void;

  /** What must be the same in two metrics that are merged, as text. */
  protected settings(): string {
    return '';
  }

  /** The class, and the value where it is a number: `Accuracy(0.75)`. */
  toString(): string {
    const { name } = this.constructor;
    try {
      const value: unknown = this.compute();
      return `${name}(${typeof value === 'number' ? Number(value.toPrecision(6)) : '...'})`;
    } catch {
      // Of nothing, or of what a program in flight holds: looking at it is no error.
      return `${name}()`;
    }
  }

  /** @internal What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /**
   * Adds what another metric of the same class and options has seen. Returns this one.
   *
   * @throws ValueError for another class, or other options.
   */
  merge(other: this): this {
    if (!((other as unknown) instanceof Metric) || other.constructor !== this.constructor) {
      throw new ValueError(`[merge] got ${describe(other)}, wanted another ${this.constructor.name}`);
    }
    if (other.settings() !== this.settings()) {
      throw new ValueError(
        `[merge] options differ: ${this.constructor.name} of ${this.settings()}, the other of ${other.settings()}`,
      );
    }
    this.add(other);
    return this;
  }
}

/** Numbers as they were given, with their shape. */
export interface Batch {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  /** Of a tensor: whether its dtype is floating. */
  readonly floating: boolean;
}

/** Throws while a function is recorded: a metric counts what it reads in JavaScript. */
export function refuseUpdate(op: string): void {
  refuseRecorded(
    'a metric is updated while a compiled function is recorded; a replay would not update it again',
    'return what it takes, and call update outside of the compiled function',
    op,
  );
}

export function readBatch(op: string, name: string, given: Numbers): Batch {
  refuseUpdate(op);
  if (Handle.is(given)) {
    const { data, dtype, shape } = given;
    const values = data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
    return { values, shape, floating: isFloat(dtype) };
  }
  if (ArrayBuffer.isView(given)) return { values: given, shape: [given.length], floating: false };
  if (!Array.isArray(given)) {
    throw new DTypeError(`[${op}] ${name}: got ${describe(given)}, wanted a tensor or an array of numbers`);
  }
  const wrong = given.findIndex((value) => typeof value !== 'number');
  if (wrong >= 0) {
    throw new DTypeError(`[${op}] ${name}[${wrong}]: got ${describe(given[wrong])}, wanted a number`);
  }
  return { values: given as readonly number[], shape: [given.length], floating: false };
}

/** Two batches of the same shape. */
export function readPair(op: string, predictions: Numbers, targets: Numbers): [Batch, Batch] {
  const left = readBatch(op, 'predictions', predictions);
  const right = readBatch(op, 'targets', targets);
  if (shapeText(left.shape) !== shapeText(right.shape)) {
    throw new ShapeError(
      `[${op}] shapes differ: predictions are ${shapeText(left.shape)}, targets ${shapeText(right.shape)}`,
    );
  }
  return [left, right];
}

export interface ClassOptions {
  /** Targets of this class are passed over. Default: none. */
  ignoreIndex?: number;
  /** For predictions that are probabilities of class 1: from where on they mean it. Default 0.5. */
  threshold?: number;
}

/** Predicted and true classes of a batch. */
export interface Classes {
  readonly predicted: Int32Array;
  readonly actual: Int32Array;
}

/**
 * Classes from predictions of one of three forms: scores, [N, C, ...] for targets [N, ...]; classes, integers of the shape of
 * the targets; probabilities of class 1, floats of that shape.
 */
export function readClasses(
  op: string,
  predictions: Numbers,
  targets: Numbers,
  options: ClassOptions,
): Classes {
  const scores = readBatch(op, 'predictions', predictions);
  const target = readBatch(op, 'targets', targets);
  const count = product(target.shape);
  const actual = Int32Array.from(target.values);
  const classes = isScores(op, scores, target)
    ? bestClasses(scores)
    : scores.floating || options.threshold !== undefined
      ? Int32Array.from(scores.values, (value) => (value >= (options.threshold ?? 0.5) ? 1 : 0))
      : Int32Array.from(scores.values);
  if (options.ignoreIndex === undefined) return { predicted: classes, actual };
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => actual[i] !== options.ignoreIndex);
  return {
    predicted: Int32Array.from(kept, (i) => classes[i]!),
    actual: Int32Array.from(kept, (i) => actual[i]!),
  };
}

/** Whether predictions have a dim of classes; else they have the shape of the targets. */
export function isScores(op: string, scores: Batch, target: Batch): boolean {
  const [n, classes, ...rest] = scores.shape;
  if (scores.shape.length === target.shape.length + 1 && classes !== undefined) {
    if (shapeText([n ?? 0, ...rest]) === shapeText(target.shape)) return true;
  } else if (shapeText(scores.shape) === shapeText(target.shape)) return false;
  throw new ShapeError(
    `[${op}] predictions are ${shapeText(scores.shape)}, targets ${shapeText(target.shape)}: ` +
      'wanted the same shape, or predictions [N, C, ...] for targets [N, ...]',
  );
}

/** The places of the scores of one sample: from `first`, `classes` of them, `step` apart. */
export function eachSample(
  { shape }: Batch,
  visit: (first: number, step: number, classes: number, sample: number) => void,
): void {
  const [n = 0, classes = 0, ...rest] = shape;
  const step = product(rest);
  for (let i = 0; i < n; ++i) {
    for (let k = 0; k < step; ++k) visit(i * classes * step + k, step, classes, i * step + k);
  }
}

function bestClasses(scores: Batch): Int32Array {
  const found = new Int32Array(product(scores.shape) / Math.max(scores.shape[1]!, 1));
  eachSample(scores, (first, step, classes, sample) => {
    let best = 0;
    for (let c = 1; c < classes; ++c) {
      if (scores.values[first + c * step]! > scores.values[first + best * step]!) best = c;
    }
    found[sample] = best;
  });
  return found;
}

export function checkCount(op: string, name: string, value: unknown, least: number): void {
  checkInt(op, name, value);
  if (value < least)
    throw new ValueError(`[${op}] ${name}: got ${value}, wanted an integer of at least ${least}`);
}
