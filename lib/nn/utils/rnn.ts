import {
  checkChoice,
  checkFlag,
  checkListLength,
  checkNumber,
  checkOptions,
  checkTensor,
  checkTensors,
  describe,
  shapeText,
} from '../../check.js';
import { Handle } from '../../backend/backend.js';
import { ShapeError, ValueError } from '../../errors.js';
import { tensor } from '../../ops/from-data.js';
import { full } from '../../ops/creation.js';
import { indexSelect } from '../../ops/indexing.js';
import { cat, stack } from '../../ops/join.js';
import { narrow, reshape, select, transpose } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { PackedSequence } from './packed-sequence.js';

export { PackedSequence } from './packed-sequence.js';

/** Lengths of sequences: numbers, or a tensor of int64 [N]. */
export type Lengths = readonly number[] | Tensor;

export interface BatchFirstOptions {
  /** Whether the batch is the first dim and time the second. Default false: [T, N, ...]. */
  batchFirst?: boolean;
}

export interface EnforceSortedOptions {
  /** Whether sequences must come by length, the longest first; false sorts them, and gives results in the order given. Default true. */
  enforceSorted?: boolean;
}

export interface PackPaddedOptions extends BatchFirstOptions, EnforceSortedOptions {}

export interface PadSequenceOptions extends BatchFirstOptions {
  /** What is put after the end. Default 0. */
  paddingValue?: number;
  /** Where it is put. Default 'right'. */
  paddingSide?: 'left' | 'right';
}

export interface PadPackedOptions extends BatchFirstOptions {
  /** What is put after the end. Default 0. */
  paddingValue?: number;
  /** Steps of the result, at least as many as the longest sequence has. Default as many. */
  totalLength?: number | null;
}

const indices = (values: readonly number[]): Tensor => tensor(values, { dtype: 'int64' });

function readLengths(op: string, lengths: Lengths, batch: number): number[] {
  const values = Handle.is(lengths) ? Array.from(lengths.data, Number) : lengths;
  if (!Array.isArray(values)) {
    throw new ValueError(`[${op}] lengths: got ${describe(lengths)}, wanted numbers or a tensor of them`);
  }
  if (values.length !== batch) {
    throw new ValueError(
      `[${op}] lengths: got ${values.length} of them, wanted one for each of ${batch} sequences`,
    );
  }
  return values as number[];
}

/** The order by length, the longest first, or null if they are in it. Equal ones stay in order. */
function orderOf(op: string, lengths: readonly number[], enforceSorted: boolean): number[] | null {
  if (lengths.every((length, i) => i === 0 || length <= lengths[i - 1]!) && enforceSorted) return null;
  if (enforceSorted) {
    throw new ValueError(
      `[${op}] lengths: got ${shapeText(lengths)}, wanted the longest first; or give enforceSorted: false`,
    );
  }
  return lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
}

function inverse(order: readonly number[]): number[] {
  const result = new Array<number>(order.length);
  order.forEach((from, to) => (result[from] = to));
  return result;
}

/** How many of the sequences, the longest first, have each step. */
function sizesOf(lengths: readonly number[]): number[] {
  let active = lengths.length;
  return Array.from({ length: lengths[0] ?? 0 }, (_, t) => {
    while (lengths[active - 1]! <= t) --active;
    return active;
  });
}

/**
 * Packs padded sequences, so that padding is not computed with. Gradients flow back.
 *
 * x: [T, N, ...], or [N, T, ...] with batchFirst; lengths: N of them, 1 to T, the longest first unless enforceSorted is false.
 * @throws ValueError for lengths outside 1 to T, not one for each sequence, or not sorted.
 * @throws ShapeError if x has fewer than two dims.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const { packPaddedSequence } = nn.utils.rnn;
 * const x = tensor([[1, 2, 3], [4, 5, 0]]);
 * packPaddedSequence(x, [3, 2], { batchFirst: true }).data.tolist(); // => [1, 4, 2, 5, 3]
 */
export function packPaddedSequence(
  x: Tensor,
  lengths: Lengths,
  options: PackPaddedOptions = {},
): PackedSequence {
  const op = 'packPaddedSequence';
  checkTensor(op, 'x', x);
  checkOptions(op, options, ['batchFirst', 'enforceSorted']);
  const batchFirst = checkFlag(op, 'batchFirst', options.batchFirst);
  const enforceSorted = checkFlag(op, 'enforceSorted', options.enforceSorted ?? true);
  if (x.ndim < 2) throw new ShapeError(`[${op}] x is ${shapeText(x.shape)}, wanted at least two dims`);
  const { shape } = x;
  const [steps, batch] = batchFirst ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
  const given = readLengths(op, lengths, batch);
  if (batch === 0) throw new ValueError(`[${op}] x is ${shapeText(shape)}, wanted at least one sequence`);
  for (const length of given) {
    if (!Number.isSafeInteger(length) || length < 1 || length > steps) {
      throw new ValueError(`[${op}] lengths: got ${describe(length)}, wanted integers from 1 to ${steps}`);
    }
  }
  checkListLength(
    op,
    given.reduce((sum, length) => sum + length, 0),
  );
  const order = orderOf(op, given, enforceSorted);
  const sizes = sizesOf(order === null ? given : order.map((i) => given[i]!));
  const rows: number[] = [];
  sizes.forEach((size, t) => {
    for (let i = 0; i < size; ++i) {
      const n = order === null ? i : order[i]!;
      rows.push(batchFirst ? n * steps + t : t * batch + n);
    }
  });
  return scoped(() => {
    const flat = reshape(x, [steps * batch, ...shape.slice(2)]);
    return packed(indexSelect(flat, 0, indices(rows)), sizes, order);
  });
}

function packed(data: Tensor, sizes: readonly number[], order: readonly number[] | null): PackedSequence {
  if (order === null) return new PackedSequence(data, indices(sizes));
  return new PackedSequence(data, indices(sizes), indices(order), indices(inverse(order)));
}

/**
 * Undoes {@link packPaddedSequence}: gives the padded sequences, in the order that they were given in, and their lengths (int64,
 * [N]). Gradients flow back.
 *
 * Gives x: [T, N, ...], or [N, T, ...] with batchFirst; T is totalLength, or the length of the longest.
 * @throws ValueError if totalLength is less than the longest sequence has.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const { packSequence, padPackedSequence } = nn.utils.rnn;
 * const packed = packSequence([tensor([1, 2]), tensor([3, 4, 5])], { enforceSorted: false });
 * const [x, lengths] = padPackedSequence(packed, { batchFirst: true });
 * x.tolist(); // => [[1, 2, 0], [3, 4, 5]]
 * lengths.tolist(); // => [2, 3]
 */
export function padPackedSequence(
  sequence: PackedSequence,
  options: PadPackedOptions = {},
): [x: Tensor, lengths: Tensor] {
  const op = 'padPackedSequence';
  checkPacked(op, sequence);
  checkOptions(op, options, ['batchFirst', 'paddingValue', 'totalLength']);
  const batchFirst = checkFlag(op, 'batchFirst', options.batchFirst);
  const { paddingValue = 0, totalLength = null } = options;
  checkNumber(op, 'paddingValue', paddingValue);
  const { data } = sequence;
  const sizes = Array.from(sequence.batchSizes.data, Number);
  const longest = sizes.length;
  const steps = totalLength ?? longest;
  if (!Number.isSafeInteger(steps) || steps < longest) {
    throw new ValueError(
      `[${op}] totalLength: got ${describe(steps)}, wanted an integer of at least ${longest}`,
    );
  }
  const batch = sizes[0] ?? 0;
  const places = sequence.unsortedIndices === null ? null : Array.from(sequence.unsortedIndices.data, Number);
  const total = data.shape[0]!;
  checkListLength(op, batch * steps);
  const offsets: number[] = [];
  sizes.reduce((sum, size, t) => ((offsets[t] = sum), sum + size), 0);
  // A row of padding comes after all others.
  const rowOf = (t: number, n: number): number => {
    const place = places === null ? n : places[n]!;
    return t < longest && place < sizes[t]! ? offsets[t]! + place : total;
  };
  const rows = Array.from({ length: steps * batch }, (_, i) =>
    batchFirst ? rowOf(i % steps, Math.floor(i / steps)) : rowOf(Math.floor(i / batch), i % batch),
  );
  const lengths = Array.from({ length: batch }, (_, n) => {
    const place = places === null ? n : places[n]!;
    return sizes.filter((size) => place < size).length;
  });
  return scoped(() => {
    const rest = data.shape.slice(1);
    const padding = full([1, ...rest], paddingValue, { dtype: data.dtype });
    const flat = indexSelect(cat([data, padding]), 0, indices(rows));
    return [reshape(flat, [...(batchFirst ? [batch, steps] : [steps, batch]), ...rest]), indices(lengths)];
  });
}

/** Throws for what is no packed sequence. */
function checkPacked(op: string, value: unknown): asserts value is PackedSequence {
  if (!(value instanceof PackedSequence)) {
    throw new ValueError(`[${op}] sequence: got ${describe(value)}, wanted a PackedSequence`);
  }
}

function checkSequences(op: string, sequences: readonly Tensor[]): void {
  checkTensors(op, 'sequences', sequences);
  const [first] = sequences;
  if (first === undefined) throw new ValueError(`[${op}] sequences: got none, wanted at least one`);
  const rest = shapeText(first.shape.slice(1));
  sequences.forEach(({ shape }, i) => {
    if (shape.length === 0 || shapeText(shape.slice(1)) !== rest) {
      throw new ShapeError(
        `[${op}] sequences[${i}] is ${shapeText(shape)}, wanted [length, ...] that differ in length only, as ${shapeText(first.shape)}`,
      );
    }
  });
}

/**
 * Joins sequences of different lengths to one tensor, with padding after the end of the shorter ones.
 *
 * sequences: N tensors [length, ...]; gives [T, N, ...], or [N, T, ...] with batchFirst, T the longest length.
 * @throws ShapeError if they differ in more than the length.
 * @throws ValueError for no sequences.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * nn.utils.rnn.padSequence([tensor([1, 2, 3]), tensor([4])], { batchFirst: true }).tolist(); // => [[1, 2, 3], [4, 0, 0]]
 */
export function padSequence(sequences: readonly Tensor[], options: PadSequenceOptions = {}): Tensor {
  const op = 'padSequence';
  checkSequences(op, sequences);
  checkOptions(op, options, ['batchFirst', 'paddingValue', 'paddingSide']);
  const batchFirst = checkFlag(op, 'batchFirst', options.batchFirst);
  const { paddingValue = 0, paddingSide = 'right' } = options;
  checkNumber(op, 'paddingValue', paddingValue);
  checkChoice(op, 'paddingSide', paddingSide, ['left', 'right']);
  const longest = Math.max(...sequences.map((x) => x.shape[0]!));
  return scoped(() => {
    const rows = sequences.map((x) => {
      const missing = longest - x.shape[0]!;
      if (missing === 0) return x;
      const padding = full([missing, ...x.shape.slice(1)], paddingValue, { dtype: x.dtype });
      return cat(paddingSide === 'right' ? [x, padding] : [padding, x]);
    });
    return stack(rows, batchFirst ? 0 : 1);
  });
}

/**
 * Undoes {@link padSequence}: the sequences of a padded tensor, cut to their lengths; views of it.
 *
 * padded: [T, N, ...], or [N, T, ...] with batchFirst; gives N tensors [length, ...].
 * @throws ValueError for lengths that are not integers from 0 to T, one for each sequence.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const padded = tensor([[1, 2, 3], [4, 0, 0]]);
 * nn.utils.rnn.unpadSequence(padded, [3, 1], { batchFirst: true }).map((x) => x.tolist()); // => [[1, 2, 3], [4]]
 */
export function unpadSequence(padded: Tensor, lengths: Lengths, options: BatchFirstOptions = {}): Tensor[] {
  const op = 'unpadSequence';
  checkTensor(op, 'padded', padded);
  checkOptions(op, options, ['batchFirst']);
  const batchFirst = checkFlag(op, 'batchFirst', options.batchFirst);
  if (padded.ndim < 2)
    throw new ShapeError(`[${op}] padded is ${shapeText(padded.shape)}, wanted at least two dims`);
  const [batch, steps] = batchFirst
    ? [padded.shape[0]!, padded.shape[1]!]
    : [padded.shape[1]!, padded.shape[0]!];
  const values = readLengths(op, lengths, batch);
  for (const length of values) {
    if (!Number.isSafeInteger(length) || length < 0 || length > steps) {
      throw new ValueError(`[${op}] lengths: got ${describe(length)}, wanted integers from 0 to ${steps}`);
    }
  }
  return scoped(() => {
    const rows = batchFirst ? padded : transpose(padded, 0, 1);
    return values.map((length, n) => narrow(select(rows, 0, n), 0, 0, length));
  });
}

/**
 * Packs a list of sequences: {@link padSequence}, then {@link packPaddedSequence}.
 *
 * sequences: N tensors [length, ...], the longest first unless enforceSorted is false.
 * @throws ValueError for no sequences, an empty one, or lengths that are not sorted.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * nn.utils.rnn.packSequence([tensor([1, 2, 3]), tensor([4])]).batchSizes.tolist(); // => [2, 1, 1]
 */
export function packSequence(
  sequences: readonly Tensor[],
  options: EnforceSortedOptions = {},
): PackedSequence {
  checkSequences('packSequence', sequences);
  checkOptions('packSequence', options, ['enforceSorted']);
  const lengths = sequences.map((x) => x.shape[0]!);
  return scoped(() =>
    packPaddedSequence(padSequence(sequences, { batchFirst: true }), lengths, {
      ...options,
      batchFirst: true,
    }),
  );
}

/**
 * Undoes {@link packSequence}: the sequences, in the order that they were given in.
 *
 * Gives N tensors [length, ...].
 * @throws ValueError for what is no packed sequence.
 * @example
 * import { nn, tensor } from 'lanegrad';
 * const { packSequence, unpackSequence } = nn.utils.rnn;
 * unpackSequence(packSequence([tensor([1, 2]), tensor([3])])).map((x) => x.tolist()); // => [[1, 2], [3]]
 */
export function unpackSequence(sequence: PackedSequence): Tensor[] {
  return scoped(() => {
    const [padded, lengths] = padPackedSequence(sequence, { batchFirst: true });
    return unpadSequence(padded, lengths, { batchFirst: true });
  });
}
