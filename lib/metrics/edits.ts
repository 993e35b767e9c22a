import { describe } from '../check.js';
import { ValueError } from '../errors.js';
import { Metric, refuseUpdate } from './metric.js';

/** A sentence: its text, or its words. */
export type Sentence = string | readonly string[];

type Inputs = [predictions: readonly Sentence[], references: readonly Sentence[]];

/**
 * How many insertions, deletions and replacements make one sequence of another (Levenshtein, 1966).
 *
 * @param a A text, taken by its characters, or a list of tokens.
 * @param b As `a`.
 * @example
 * import { metrics } from 'lanegrad';
 * metrics.editDistance('kitten', 'sitting'); // => 3
 * metrics.editDistance(['a', 'cat'], ['the', 'cat', 'sat']); // => 2
 */
export function editDistance(a: Sentence, b: Sentence): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  // Distances of the beginning of x so far to all beginnings of y.
  let row = Float64Array.from({ length: y.length + 1 }, (_, j) => j);
  x.forEach((one, i) => {
    const next = new Float64Array(row.length);
    next[0] = i + 1;
    y.forEach((other, j) => {
      const replaced = row[j]! + (one === other ? 0 : 1);
      next[j + 1] = Math.min(replaced, row[j + 1]! + 1, next[j]! + 1);
    });
    row = next;
  });
  return row[y.length]!;
}

/** Edits of all sentences over the length of all references. */
abstract class ErrorRate extends Metric<Inputs, number> {
  private edits = 0;
  private length = 0;

  constructor(private readonly op: string) {
    super();
  }

  protected abstract split(sentence: Sentence): readonly string[];

  update(predictions: readonly Sentence[], references: readonly Sentence[]): void {
    refuseUpdate(this.op);
    const [left, right] = [
      checkSentences(this.op, 'predictions', predictions),
      checkSentences(this.op, 'references', references),
    ];
    if (left.length !== right.length)
      throw new ValueError(`[${this.op}] got ${left.length} predictions and ${right.length} references`);
    left.forEach((sentence, i) => {
      const reference = this.split(right[i]!);
      this.edits += editDistance(this.split(sentence), reference);
      this.length += reference.length;
    });
  }

  compute(): number {
    return this.edits / this.length;
  }

  reset(): void {
    this.edits = this.length = 0;
  }

  protected override add(other: this): void {
    this.edits += other.edits;
    this.length += other.length;
  }
}

/** A list of sentences. */
export function checkSentences(op: string, name: string, given: readonly Sentence[]): readonly Sentence[] {
  const list: unknown = given;
  if (!Array.isArray(list)) throw new ValueError(`[${op}] ${name}: got ${describe(list)}, wanted an array`);
  Array.from(list as readonly unknown[]).forEach((sentence, i) => {
    const right =
      typeof sentence === 'string' ||
      (Array.isArray(sentence) && sentence.every((one) => typeof one === 'string'));
    if (!right)
      throw new ValueError(
        `[${op}] ${name}[${i}]: got ${describe(sentence)}, wanted a text or a list of words`,
      );
  });
  return given;
}

/** The words of a text, between spaces. */
export function wordsOf(sentence: Sentence): readonly string[] {
  return typeof sentence === 'string' ? sentence.split(/\s+/u).filter((word) => word !== '') : sentence;
}

/**
 * The word error rate of recognised speech: the edits that make the predictions of the references, over the number of words in
 * all references. May be more than 1.
 *
 * predictions, references: one text, or list of words, a sentence.
 * @throws ValueError for lists of other lengths, or what is no text.
 * @example
 * import { metrics } from 'lanegrad';
 * const wer = new metrics.WordErrorRate();
 * wer.update(['the cat sat in mat'], ['the cat sat on the mat']);
 * wer.compute(); // => 0.333333
 */
export class WordErrorRate extends ErrorRate {
  constructor() {
    super('WordErrorRate');
  }

  protected override split(sentence: Sentence): readonly string[] {
    return wordsOf(sentence);
  }
}

/**
 * The character error rate: {@link WordErrorRate} with characters (code points) in place of words, spaces among them.
 *
 * predictions, references: one text a sentence; the words of a list stand with a space between them.
 * @throws ValueError for lists of other lengths, or what is no text.
 * @example
 * import { metrics } from 'lanegrad';
 * const cer = new metrics.CharErrorRate();
 * cer.update(['sitting'], ['kitten']);
 * cer.compute(); // => 0.5
 */
export class CharErrorRate extends ErrorRate {
  constructor() {
    super('CharErrorRate');
  }

  protected override split(sentence: Sentence): readonly string[] {
    return Array.from(typeof sentence === 'string' ? sentence : sentence.join(' '));
  }
}
