import { checkTensors, describe, shapeText } from '../check.js';
import { IndexError, ShapeError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { contractPair, reorder, sumOut, takeDiagonals } from './contract.js';
import type { Labelled } from './contract.js';

/**
 * Sums of products in Einstein's notation: one subscript for each dim of each operand, and after `->` those of the result;
 * subscripts that the result lacks are summed. Without `->` the result has those that occur once, in alphabetical order.
 * A subscript that occurs twice in one operand takes its diagonal; `...` stands for any number of dims, which broadcast.
 *
 * Operands are contracted in pairs, the pair with the smallest result first, each as one batched matrix product.
 *
 * @throws ValueError if the equation is malformed, or has another number of terms than operands.
 * @throws ShapeError if a subscript stands for different sizes.
 * @throws IndexError if a result subscript is unknown or repeated.
 * @example
 * import { einsum, tensor } from 'lanegrad';
 * const a = tensor([[1, 2], [3, 4]]);
 * einsum('ij,jk->ik', [a, a]).tolist(); // => [[7, 10], [15, 22]]
 * einsum('ii', [a]).item(); // => 5
 * einsum('...i->...', [a]).tolist(); // => [3, 7]
 */
export function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  checkTensors('einsum', 'tensors', tensors);
  const { terms, result } = parse(equation, tensors);
  checkSizes(equation, terms);
  const wanted = (label: number) => result.includes(label);
  return scoped(() => {
    let open = terms.map((term) => takeDiagonals('einsum', term));
    open = open.map((term, i) =>
      sumOut(
        term,
        (label) => wanted(label) || open.some((other, j) => i !== j && other.labels.includes(label)),
      ),
    );
    while (open.length > 1) {
      const [i, j] = cheapestPair(open, wanted);
      const rest = open.filter((_, k) => k !== i && k !== j);
      open = [...rest, contractPair(open[i]!, open[j]!, neededBy(rest, wanted))];
    }
    return reorder(open[0]!, result).tensor;
  });
}

function neededBy(rest: readonly Labelled[], wanted: (label: number) => boolean): (label: number) => boolean {
  return (label) => wanted(label) || rest.some((other) => other.labels.includes(label));
}

/** The two operands whose contraction adds the least memory: the result's size less what it replaces. */
function cheapestPair(
  open: readonly Labelled[],
  wanted: (label: number) => boolean,
): readonly [number, number] {
  if (open.length === 2) return [0, 1];
  let best: readonly [number, number] = [0, 1];
  let least = Infinity;
  for (let i = 0; i < open.length; ++i) {
    for (let j = i + 1; j < open.length; ++j) {
      const needed = neededBy(
        open.filter((_, k) => k !== i && k !== j),
        wanted,
      );
      const sizes = new Map<number, number>();
      for (const { tensor, labels } of [open[i]!, open[j]!]) {
        labels.forEach((label, d) => sizes.set(label, Math.max(sizes.get(label) ?? 1, tensor.shape[d]!)));
      }
      let cost = 1;
      for (const [label, size] of sizes) if (needed(label)) cost *= size;
      cost -= open[i]!.tensor.numel() + open[j]!.tensor.numel();
      if (cost < least) {
        least = cost;
        best = [i, j];
      }
    }
  }
  return best;
}

interface Parsed {
  readonly terms: readonly Labelled[];
  readonly result: readonly number[];
}

const ellipsis = '...';

/** Letters are labels by their code; the dims of an ellipsis are -1, -2 and so on from the last. */
function parse(equation: unknown, tensors: readonly Tensor[]): Parsed {
  if (typeof equation !== 'string') {
    throw new ValueError(`[einsum] equation: got ${describe(equation)}, wanted a string such as "ij,jk->ik"`);
  }
  const [inputs, output, ...more] = equation.replace(/\s/g, '').split('->');
  if (more.length > 0) throw new ValueError(`[einsum] ${describe(equation)} has more than one "->"`);
  const texts = inputs!.split(',');
  if (texts.length !== tensors.length || tensors.length === 0) {
    throw new ValueError(
      `[einsum] ${describe(equation)} has ${texts.length} terms, got ${tensors.length} tensors`,
    );
  }
  const terms = texts.map((text, i) => ({
    tensor: tensors[i]!,
    labels: labelsOf(equation, text, tensors[i]!.shape),
  }));
  const widest = Math.max(0, ...terms.map((term) => term.labels.filter((label) => label < 0).length));
  const spread = Array.from({ length: widest }, (_, i) => i - widest);
  if (output !== undefined) return { terms, result: resultLabels(equation, output, spread, terms) };
  const all = terms.flatMap((term) => term.labels.filter((label) => label > 0));
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return { terms, result: [...spread, ...once.sort((a, b) => a - b)] };
}

function letters(equation: string, text: string): number[] {
  if (!/^[A-Za-z]*$/.test(text)) {
    throw new ValueError(
      `[einsum] ${describe(equation)}: subscripts are letters and "...", got ${describe(text)}`,
    );
  }
  return Array.from(text, (letter) => letter.codePointAt(0)!);
}

function labelsOf(equation: string, text: string, shape: readonly number[]): number[] {
  const at = text.indexOf(ellipsis);
  const head = letters(equation, at < 0 ? text : text.slice(0, at));
  const tail = at < 0 ? [] : letters(equation, text.slice(at + ellipsis.length));
  const covered = shape.length - head.length - tail.length;
  if (at < 0 ? covered !== 0 : covered < 0) {
    throw new ShapeError(
      `[einsum] ${describe(equation)}: term ${describe(text)} does not fit a tensor of ${shape.length} dims, ${shapeText(shape)}`,
    );
  }
  return [...head, ...Array.from({ length: covered }, (_, i) => i - covered), ...tail];
}

function resultLabels(
  equation: string,
  text: string,
  spread: readonly number[],
  terms: readonly Labelled[],
): number[] {
  const at = text.indexOf(ellipsis);
  const head = letters(equation, at < 0 ? text : text.slice(0, at));
  const tail = at < 0 ? [] : letters(equation, text.slice(at + ellipsis.length));
  const named = [...head, ...tail];
  named.forEach((label, i) => {
    const letter = String.fromCodePoint(label);
    if (named.indexOf(label) !== i) {
      throw new IndexError(`[einsum] ${describe(equation)}: the result has subscript ${letter} twice`);
    }
    if (!terms.some((term) => term.labels.includes(label))) {
      throw new IndexError(`[einsum] ${describe(equation)}: no operand has the result's subscript ${letter}`);
    }
  });
  return at < 0 ? named : [...head, ...spread, ...tail];
}

/** A label has one size everywhere, or 1. */
function checkSizes(equation: string, terms: readonly Labelled[]): void {
  const sizes = new Map<number, number>();
  for (const { tensor, labels } of terms) {
    labels.forEach((label, i) => {
      const size = tensor.shape[i]!;
      const former = sizes.get(label) ?? 1;
      if (former !== 1 && size !== 1 && former !== size) {
        const name = label > 0 ? `subscript ${String.fromCodePoint(label)}` : `dim ${label} of "..."`;
        throw new ShapeError(
          `[einsum] ${describe(equation)}: ${name} stands for sizes ${former} and ${size}: ` +
            terms.map((term) => shapeText(term.tensor.shape)).join(', '),
        );
      }
      if (former === 1) sizes.set(label, size);
    });
  }
}
