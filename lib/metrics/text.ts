import {
  checkFlag,
  checkInt,
  checkListLength,
  checkOptions,
  checkTensor,
  describe,
  shapeText,
} from '../check.js';
import { ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { crossEntropy } from '../ops/losses/classes.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkCount, Metric, refuseUpdate } from './metric.js';

export interface PerplexityOptions {
  /** Targets that are passed over: padding. Default -100. */
  ignoreIndex?: number;
}

/**
 * exp of the mean of -log p(target) over all tokens.
 *
 * logits: [..., V]; targets: [...], tokens in [0, V).
 * @throws ShapeError for shapes that do not fit.
 * @example
 * import { metrics, tensor, zeros } from 'lanegrad';
 * const perplexity = new metrics.Perplexity();
 * perplexity.update(zeros([2, 3, 8]), tensor([[0, 1, 2], [7, 6, 5]]));
 * perplexity.compute(); // => 8.0000
 */
export class Perplexity extends Metric<[logits: Tensor, targets: Tensor], number> {
  readonly #ignoreIndex: number;
  #sum = 0;
  #count = 0;

  constructor(options: PerplexityOptions = {}) {
    super();
    checkOptions('Perplexity', options, ['ignoreIndex']);
    const { ignoreIndex = -100 } = options;
    checkInt('Perplexity', 'ignoreIndex', ignoreIndex);
    this.#ignoreIndex = ignoreIndex;
  }

  protected override settings(): string {
    return `ignoreIndex ${this.#ignoreIndex}`;
  }

  update(logits: Tensor, targets: Tensor): void {
    refuseUpdate('Perplexity');
    checkTensor('Perplexity', 'logits', logits);
    checkTensor('Perplexity', 'targets', targets);
    const [vocabulary = 0] = logits.shape.slice(-1);
    if (shapeText(logits.shape.slice(0, -1)) !== shapeText(targets.shape)) {
      throw new ShapeError(
        `[Perplexity] logits are ${shapeText(logits.shape)}, targets ${shapeText(targets.shape)}: ` +
          'wanted [..., V] and [...]',
      );
    }
    const ignoreIndex = this.#ignoreIndex;
    const { sum, skipped } = noGrad(() =>
      scoped(() => {
        const flat = targets.reshape([-1]);
        return {
          sum: crossEntropy(logits.reshape([-1, vocabulary]), flat, { reduction: 'sum', ignoreIndex }).item(),
          skipped: flat.eq(ignoreIndex).sum().item(),
        };
      }),
    );
    this.#sum += sum;
    this.#count += targets.numel() - skipped;
  }

  compute(): number {
    return Math.exp(this.#sum / this.#count);
  }

  reset(): void {
    this.#sum = this.#count = 0;
  }

  protected override add(other: this): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }
}

export interface BleuOptions {
  /** The longest n-grams that are compared. Default 4. */
  nGram?: number;
  /** Whether one is added to the counts of n-grams of two and more (Lin and Och, 2004). Default false. */
  smooth?: boolean;
}

type Tokens = readonly string[];

/**
 * BLEU of a corpus (Papineni et al., 2002): exp(mean of log p_n) times the brevity penalty min(1, exp(1 - r / c)), with p_n the
 * share of the candidates' n-grams that a reference has too (each at most as often as there), c the length of all candidates
 * and r that of the closest references, the shorter of two. 0 where some p_n is.
 *
 * candidates: one list of tokens a sentence; references: for each sentence one list of tokens or more.
 * @throws ValueError for another number of references than candidates, or a sentence without references.
 * @example
 * import { metrics } from 'lanegrad';
 * const bleu = new metrics.Bleu({ nGram: 2 });
 * const words = (text: string) => text.split(' ');
 * bleu.update([words('the cat sat on mat')], [[words('the cat sat on the mat')]]);
 * bleu.compute(); // => 0.709
 */
export class Bleu extends Metric<
  [candidates: readonly Tokens[], references: readonly (readonly Tokens[])[]],
  number
> {
  readonly #nGram: number;
  readonly #smooth: boolean;
  readonly #matches: number[];
  readonly #totals: number[];
  #length = 0;
  #wanted = 0;

  constructor(options: BleuOptions = {}) {
    super();
    checkOptions('Bleu', options, ['nGram', 'smooth']);
    const { nGram = 4 } = options;
    checkCount('Bleu', 'nGram', nGram, 1);
    checkListLength('Bleu', nGram);
    this.#nGram = nGram;
    this.#smooth = checkFlag('Bleu', 'smooth', options.smooth);
    this.#matches = new Array<number>(nGram).fill(0);
    this.#totals = new Array<number>(nGram).fill(0);
  }

  protected override settings(): string {
    return `nGram ${this.#nGram}, smooth ${this.#smooth}`;
  }

  update(candidates: readonly Tokens[], references: readonly (readonly Tokens[])[]): void {
    refuseUpdate('Bleu');
    for (const [name, list] of [['candidates', candidates] as const, ['references', references] as const]) {
      if (!Array.isArray(list))
        throw new ValueError(`[Bleu] ${name}: got ${describe(list)}, wanted an array`);
    }
    if (candidates.length !== references.length) {
      throw new ValueError(
        `[Bleu] got ${candidates.length} candidates and references for ${references.length}`,
      );
    }
    const without = references.findIndex((each) => !Array.isArray(each) || each.length === 0);
    if (without >= 0)
      throw new ValueError(`[Bleu] references[${without}]: wanted at least one list of tokens`);
    checkTokens('candidates', candidates);
    references.forEach((each, i) => checkTokens(`references[${i}]`, each));
    candidates.forEach((candidate, i) => this.#sentence(candidate, references[i]!));
  }

  #sentence(candidate: Tokens, references: readonly Tokens[]): void {
    this.#length += candidate.length;
    this.#wanted += closestLength(candidate.length, references);
    for (let n = 1; n <= this.#nGram; ++n) {
      const most = new Map<string, number>();
      for (const reference of references) {
        for (const [gram, count] of nGrams(reference, n))
          most.set(gram, Math.max(most.get(gram) ?? 0, count));
      }
      for (const [gram, count] of nGrams(candidate, n)) {
        this.#matches[n - 1]! += Math.min(count, most.get(gram) ?? 0);
        this.#totals[n - 1]! += count;
      }
    }
  }

  compute(): number {
    if (this.#length === 0) return NaN;
    let logs = 0;
    for (let n = 0; n < this.#nGram; ++n) {
      const more = this.#smooth && n > 0 ? 1 : 0;
      logs += Math.log((this.#matches[n]! + more) / (this.#totals[n]! + more || 1));
    }
    const penalty = Math.min(1, Math.exp(1 - this.#wanted / this.#length));
    return penalty * Math.exp(logs / this.#nGram);
  }

  reset(): void {
    this.#matches.fill(0);
    this.#totals.fill(0);
    this.#length = this.#wanted = 0;
  }

  protected override add(other: this): void {
    other.#matches.forEach((count, n) => (this.#matches[n]! += count));
    other.#totals.forEach((count, n) => (this.#totals[n]! += count));
    this.#length += other.#length;
    this.#wanted += other.#wanted;
  }
}

/** Throws for what is no list of tokens. */
function checkTokens(name: string, lists: readonly unknown[]): void {
  Array.from(lists).forEach((tokens, i) => {
    const right = Array.isArray(tokens) && tokens.every((one) => typeof one === 'string');
    if (!right) {
      throw new ValueError(`[Bleu] ${name}[${i}]: got ${describe(tokens)}, wanted an array of strings`);
    }
  });
}

/** How often each run of n tokens occurs. Tokens may hold anything, so that the key says where each ends. */
export function nGrams(tokens: Tokens, n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; ++i) {
    const gram = JSON.stringify(tokens.slice(i, i + n));
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

function closestLength(length: number, references: readonly Tokens[]): number {
  const lengths = references.map((reference) => reference.length);
  return lengths.reduce((best, one) => {
    const [a, b] = [Math.abs(one - length), Math.abs(best - length)];
    return a < b || (a === b && one < best) ? one : best;
  });
}
