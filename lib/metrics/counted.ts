import { checkOptions } from '../check.js';
import { IndexError, OutOfMemoryError } from '../errors.js';
import { checkCount, Metric, readClasses } from './metric.js';
import type { ClassOptions, Numbers } from './metric.js';

type Inputs = [predictions: Numbers, targets: Numbers];

/** A number for each pair of classes. */
function zeroedCounts(op: string, numClasses: number): Float64Array {
  try {
    return new Float64Array(numClasses * numClasses);
  } catch {
    throw new OutOfMemoryError(
      `[${op}] numClasses: got ${numClasses}, whose counts are more than there is room for`,
    );
  }
}

/** Counts of predicted classes for each true one: what most metrics of classes are computed from. */
export abstract class Counted<Out> extends Metric<Inputs, Out> {
  /** [true class, predicted class], row-major. */
  protected readonly counts: Float64Array;

  constructor(
    private readonly op: string,
    readonly numClasses: number,
    private readonly options: ClassOptions,
    known: readonly string[] = [],
  ) {
    super();
    checkCount(op, 'numClasses', numClasses, 2);
    checkOptions(op, options, ['ignoreIndex', 'threshold', ...known]);
    this.counts = zeroedCounts(op, numClasses);
  }

  protected override settings(): string {
    const { ignoreIndex, threshold = 0.5 } = this.options;
    return `${this.numClasses} classes, threshold ${threshold}, ignoreIndex ${ignoreIndex}`;
  }

  update(predictions: Numbers, targets: Numbers): void {
    const { numClasses, op } = this;
    const { predicted, actual } = readClasses(op, predictions, targets, this.options);
    const inRange = (value: number): boolean => value >= 0 && value < numClasses;
    for (const [name, values] of [['predictions', predicted] as const, ['targets', actual] as const]) {
      const wrong = values.find((value) => !inRange(value));
      if (wrong === undefined) continue;
      throw new IndexError(`[${op}] ${name}: got the class ${wrong}, wanted one in [0, ${numClasses - 1}]`);
    }
    for (let i = 0; i < actual.length; ++i) this.counts[actual[i]! * numClasses + predicted[i]!]! += 1;
  }

  reset(): void {
    this.counts.fill(0);
  }

  protected override add(other: this): void {
    other.counts.forEach((count, i) => (this.counts[i]! += count));
  }

  /** Of one class: right, predicted, true. */
  protected ofClass(c: number): { right: number; predicted: number; actual: number } {
    let [predicted, actual] = [0, 0];
    for (let k = 0; k < this.numClasses; ++k) {
      predicted += this.counts[k * this.numClasses + c]!;
      actual += this.counts[c * this.numClasses + k]!;
    }
    return { right: this.counts[c * this.numClasses + c]!, predicted, actual };
  }
}
