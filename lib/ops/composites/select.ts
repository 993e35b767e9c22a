import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs, wrapDim } from '../../check.js';
import { DTypeError, IndexError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';

// Ops that pick elements of each line, said in a sort.

/** Sorts along `dim`; a 0-dim tensor as one of shape [1]. */
function sorted(
  op: string,
  inputs: readonly OpInput<Tensor>[],
  dim: number,
  descending: boolean,
): { values: Tensor; indices: Tensor; at: number; n: number } {
  const [given] = inputs as [Tensor];
  const at = wrapDim(op, dim, given.shape.length);
  const x = given.shape.length > 0 ? given : reshape(given, [1]);
  const [values, indices] = backend.run('sort', [x], { dim: at, descending });
  return { values: values!, indices: indices!, at, n: x.shape[at]! };
}

const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
  backend.run1('reshape', [x], { shape, strict: false });

/** The k largest or smallest, in order. */
export function topk(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['topk']): Tensor[] {
  const [x] = inputs as [Tensor];
  const { k, dim, largest } = attrs;
  const { values, indices, at, n } = sorted('topk', inputs, dim, largest);
  if (k < 0 || k > n) throw new ValueError(`[topk] k is ${k} for a dim of size ${n}`);
  return [values, indices].map((each) => {
    const part = backend.run1('slice', [each], { dim: at, start: 0, length: k, step: 1 });
    return x.shape.length === 0 && k === 1 ? reshape(part, []) : part;
  });
}

/** One place of each line, dropped or kept as 1, from what was sorted. */
function pick(
  x: Tensor,
  { values, indices, at }: { values: Tensor; indices: Tensor; at: number },
  place: Tensor | number,
  keepdim: boolean,
): Tensor[] {
  const shape = x.shape.slice();
  if (keepdim && shape.length > 0) shape[at] = 1;
  else shape.splice(at, 1);
  return [values, indices].map((each) =>
    reshape(
      typeof place === 'number'
        ? backend.run1('slice', [each], { dim: at, start: place, length: 1, step: 1 })
        : backend.run1('gather', [each, place], { dim: at }),
      shape,
    ),
  );
}

/** The k-th smallest. */
export function kthvalue(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['kthvalue']): Tensor[] {
  const [x] = inputs as [Tensor];
  const { k, dim, keepdim } = attrs;
  wantElements('kthvalue', x, dim);
  wantNumbers('kthvalue', x);
  const line = sorted('kthvalue', inputs, dim, false);
  if (k < 1 || k > line.n) throw new ValueError(`[kthvalue] k is ${k} for a dim of size ${line.n}`);
  return pick(x, line, k - 1, keepdim);
}

function wantElements(op: string, x: Tensor, dim: number): void {
  const at = wrapDim(op, dim, x.shape.length);
  if (x.shape[at] === 0) {
    throw new IndexError(`[${op}] dim ${at} of [${x.shape.join(', ')}] is empty: there is nothing to pick`);
  }
}

function wantNumbers(op: string, x: Tensor): void {
  if (x.dtype === 'bool') throw new DTypeError(`[${op}] does not take bool; cast it first`);
}

/** The lower median. NaNs, which a sort puts last, either win or do not count. */
function middle(
  op: 'median' | 'nanmedian',
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs['median'],
): Tensor[] {
  const [x] = inputs as [Tensor];
  wantElements(op, x, attrs.dim);
  wantNumbers(op, x);
  const line = sorted(op, inputs, attrs.dim, false);
  const { n, at, values } = line;
  const count = (of: Tensor): Tensor => backend.run1('sum', [of], { dims: [at], keepdim: true });
  const nans = count(backend.run1('isnan', [values], noAttrs));
  const some = backend.run1('gt', [nans, 0], noAttrs);
  const half = (rest: Tensor): Tensor => {
    // (rest - 1) / 2 rounded down; of no elements the first.
    const doubled = backend.run1('div', [backend.run1('sub', [rest, 1], noAttrs), 2], noAttrs);
    const whole = backend.run1('to', [backend.run1('floor', [doubled], noAttrs)], { dtype: 'int64' });
    return backend.run1('maximum', [whole, 0], noAttrs);
  };
  const numbers = backend.run1('sub', [n, nans], noAttrs);
  const place =
    op === 'nanmedian'
      ? half(numbers)
      : backend.run1('where', [some, numbers, half(backend.run1('add', [nans, numbers], noAttrs))], noAttrs);
  return pick(x, line, place, attrs.keepdim);
}

export function median(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['median']): Tensor[] {
  return middle('median', inputs, attrs);
}

export function nanmedian(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['nanmedian']): Tensor[] {
  return middle('nanmedian', inputs, attrs);
}

/** The most frequent value, the smallest of several; the last place where it stands. */
export function mode(inputs: readonly OpInput<Tensor>[], attrs: OpAttrs['mode']): Tensor[] {
  const [x] = inputs as [Tensor];
  wantElements('mode', x, attrs.dim);
  const line = sorted('mode', inputs, attrs.dim, false);
  const { values, at, n } = line;
  const cut = (start: number): Tensor =>
    backend.run1('slice', [values], { dim: at, start, length: n - 1, step: 1 });
  const isnan = (of: Tensor): Tensor => backend.run1('isnan', [of], noAttrs);
  // Where an element continues the run of the one before; NaNs are one run.
  const equal = backend.run1('eq', [cut(0), cut(1)], noAttrs);
  const bothNaN = backend.run1('mul', [isnan(cut(0)), isnan(cut(1))], noAttrs);
  const going = backend.run1('maximum', [equal, bothNaN], noAttrs);
  const edge = values.shape.slice();
  edge[at] = 1;
  const starts = backend.run1(
    'cat',
    [
      [
        backend.run1('full', [], { shape: edge, value: 1, dtype: 'bool' }),
        backend.run1('logicalNot', [going], noAttrs),
      ],
    ],
    { dim: at },
  );
  // How long the run is up to each element: its place less that of the start of its run.
  const one = backend.run1('full', [], { shape: values.shape, value: 1, dtype: 'int64' });
  const places = backend.run1('cumsum', [one], { dim: at, reverse: false });
  const [begun] = backend.run('cummax', [backend.run1('mul', [places, starts], noAttrs)], { dim: at });
  const lengths = backend.run1('sub', [places, begun!], noAttrs);
  const longest = backend.run1('argmax', [lengths], { dim: at, keepdim: true });
  return pick(x, line, longest, attrs.keepdim);
}
