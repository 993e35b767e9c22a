import { checkOptions, describe } from '../check.js';
import { ValueError } from '../errors.js';
import { checkSentences, wordsOf } from './edits.js';
import type { Sentence } from './edits.js';
import { Metric, refuseUpdate } from './metric.js';
import { nGrams } from './text.js';

/** What is counted: runs of n words, or with 'L' the longest common subsequence. */
export type RougeKind = number | 'L';

export interface RougeOptions {
  /** Default [1, 2, 'L']. */
  kinds?: readonly RougeKind[];
}

/** Means over all sentences. */
export interface RougeScore {
  /** Of what was predicted, the share that the reference has too. */
  readonly precision: number;
  /** Of what the reference has, the share that was predicted. */
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

interface Sums {
  precision: number;
  recall: number;
  f1: number;
}

/**
 * ROUGE of summaries (Lin, 2004): what prediction and reference have in common, as runs of n words (each at most as often as on the
 * other side) or as the longest common subsequence, over the number of those in the prediction, and in the reference. Words are
 * taken as they are: lower them and take off endings before, where that is wanted.
 *
 * predictions, references: one text, or list of words, a sentence.
 * @throws ValueError for lists of other lengths, what is no text, or kinds that are not.
 * @example
 * import { metrics } from 'lanegrad';
 * const rouge = new metrics.Rouge();
 * rouge.update(['the cat was under the bed'], ['the cat was found under the bed']);
 * const scores = rouge.compute();
 * scores.get(1)?.recall; // => 0.857143
 * scores.get('L')?.precision; // => 1
 */
export class Rouge extends Metric<
  [predictions: readonly Sentence[], references: readonly Sentence[]],
  ReadonlyMap<RougeKind, RougeScore>
> {
  readonly #kinds: readonly RougeKind[];
  readonly #sums: readonly Sums[];
  #count = 0;

  constructor(options: RougeOptions = {}) {
    super();
    checkOptions('Rouge', options, ['kinds']);
    const { kinds = [1, 2, 'L'] } = options;
    const given: unknown = kinds;
    const right =
      Array.isArray(given) &&
      given.length > 0 &&
      given.every((kind) => kind === 'L' || (Number.isSafeInteger(kind) && kind >= 1));
    if (!right)
      throw new ValueError(`[Rouge] kinds: got ${describe(kinds)}, wanted integers of at least 1, or 'L'`);
    this.#kinds = [...kinds];
    this.#sums = kinds.map(() => ({ precision: 0, recall: 0, f1: 0 }));
  }

  protected override settings(): string {
    return `kinds ${this.#kinds.join(', ')}`;
  }

  update(predictions: readonly Sentence[], references: readonly Sentence[]): void {
    refuseUpdate('Rouge');
    const left = checkSentences('Rouge', 'predictions', predictions);
    const right = checkSentences('Rouge', 'references', references);
    if (left.length !== right.length)
      throw new ValueError(`[Rouge] got ${left.length} predictions and ${right.length} references`);
    left.forEach((sentence, i) => {
      const [words, reference] = [wordsOf(sentence), wordsOf(right[i]!)];
      this.#kinds.forEach((kind, k) => {
        const { common, predicted, wanted } = compare(words, reference, kind);
        const sums = this.#sums[k]!;
        sums.precision += predicted === 0 ? 0 : common / predicted;
        sums.recall += wanted === 0 ? 0 : common / wanted;
        sums.f1 += common === 0 ? 0 : (2 * common) / (predicted + wanted);
      });
    });
    this.#count += left.length;
  }

  compute(): ReadonlyMap<RougeKind, RougeScore> {
    const n = this.#count;
    return new Map(
      this.#kinds.map((kind, k) => {
        const { precision, recall, f1 } = this.#sums[k]!;
        return [kind, { precision: precision / n, recall: recall / n, f1: f1 / n }];
      }),
    );
  }

  reset(): void {
    for (const sums of this.#sums) Object.assign(sums, { precision: 0, recall: 0, f1: 0 });
    this.#count = 0;
  }

  protected override add(other: this): void {
    this.#sums.forEach((sums, k) => {
      const more = other.#sums[k]!;
      sums.precision += more.precision;
      sums.recall += more.recall;
      sums.f1 += more.f1;
    });
    this.#count += other.#count;
  }
}

function compare(
  words: readonly string[],
  reference: readonly string[],
  kind: RougeKind,
): { common: number; predicted: number; wanted: number } {
  if (kind === 'L')
    return { common: longestCommon(words, reference), predicted: words.length, wanted: reference.length };
  const counts = nGrams(reference, kind);
  let common = 0;
  for (const [gram, count] of nGrams(words, kind)) common += Math.min(count, counts.get(gram) ?? 0);
  return {
    common,
    predicted: Math.max(words.length - kind + 1, 0),
    wanted: Math.max(reference.length - kind + 1, 0),
  };
}

/** The length of the longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Float64Array(b.length + 1);
  for (const word of a) {
    const next = new Float64Array(row.length);
    b.forEach((other, j) => {
      next[j + 1] = word === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!);
    });
    row = next;
  }
  return row[b.length]!;
}
