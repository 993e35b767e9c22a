import type { OpInput } from '../../backend/backend.js';
import { backend } from '../../backend/current.js';
import type { OpAttrs } from '../../backend/op-schema.gen.js';
import { noAttrs, shapeText } from '../../check.js';
import { isFloat } from '../../dtype.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import type { Tensor } from '../../tensor.js';
import { detach } from '../convert.js';
import { cat, stack } from '../join.js';
import { matmul } from '../matmul.js';
import { narrow, select, t } from '../view.js';

type Attrs = OpAttrs['recurrent'];
type Cell = Attrs['cell'];

const run = (op: 'add' | 'sub' | 'mul', a: Tensor, b: Tensor): Tensor => backend.run1(op, [a, b], noAttrs);
const apply = (op: 'sigmoid' | 'tanh' | 'relu', x: Tensor): Tensor => backend.run1(op, [x], noAttrs);

const gateCounts: Readonly<Record<Cell, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

/** What a layer works with, by name. */
interface Operands {
  readonly x: Tensor;
  readonly h0: Tensor;
  readonly c0: Tensor | null;
  readonly weightIh: Tensor;
  readonly weightHh: Tensor;
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
  readonly weightHr: Tensor | null;
  readonly hidden: number;
}

/** Gates after one step, the states it leads to, and what the fused op keeps of it. */
interface Step {
  readonly h: Tensor;
  readonly c: Tensor | null;
  readonly kept: readonly Tensor[];
}

/** One step of some sequences: `inputs` is x W_ihᵀ + b_ih of the step. */
function step(cell: Cell, o: Operands, inputs: Tensor, h: Tensor, c: Tensor | null): Step {
  const product = matmul(h, t(o.weightHh));
  const recurrent = o.biasHh ? run('add', product, o.biasHh) : product;
  const part = (x: Tensor, gate: number): Tensor => narrow(x, 1, gate * o.hidden, o.hidden);
  const sum = (gate: number): Tensor => run('add', part(inputs, gate), part(recurrent, gate));
  if (cell === 'lstm') {
    const [i, f, g, out] = [
      apply('sigmoid', sum(0)),
      apply('sigmoid', sum(1)),
      apply('tanh', sum(2)),
      apply('sigmoid', sum(3)),
    ] as const;
    const next = run('add', run('mul', f, c!), run('mul', i, g));
    const raw = run('mul', out, apply('tanh', next));
    return { h: o.weightHr ? matmul(raw, t(o.weightHr)) : raw, c: next, kept: [i, f, g, out, next] };
  }
  if (cell === 'gru') {
    const reset = apply('sigmoid', sum(0));
    const update = apply('sigmoid', sum(1));
    const recalled = part(recurrent, 2);
    const fresh = apply('tanh', run('add', part(inputs, 2), run('mul', reset, recalled)));
    const next = run('add', fresh, run('mul', update, run('sub', h, fresh)));
    return { h: next, c: null, kept: [reset, update, fresh, recalled] };
  }
  return { h: apply(cell, run('add', inputs, recurrent)), c: null, kept: [] };
}

/** The first rows replaced: sequences that have ended keep their state. */
function replaceFirst(state: Tensor, rows: Tensor): Tensor {
  const [all, some] = [state.shape[0]!, rows.shape[0]!];
  return some === all ? rows : cat([rows, narrow(state, 0, some, all - some)]);
}

/** The rows of x that each step has, and how many. */
function stepsOf(x: Tensor, batchSizes: readonly number[] | null): ((t: number) => Tensor)[] {
  if (batchSizes === null) return Array.from({ length: x.shape[0]! }, () => (at: number) => select(x, 0, at));
  let offset = 0;
  return batchSizes.map((size) => {
    const start = offset;
    offset += size;
    return () => narrow(x, 0, start, size);
  });
}

/**
 * One layer of an RNN, LSTM or GRU in one direction. x: [T, N, I], or with batchSizes ([T], int64) the rows of each step one
 * after another: [rows, I]. Gives the outputs of all steps, laid out as x, the last states h [N, P] and c [N, H] ([0] but for
 * an LSTM), and the activated gates, which only the fused op's gradient needs.
 */
export function recurrent(inputs: readonly OpInput<Tensor>[], attrs: Attrs): Tensor[] {
  const [x, h0, c0, weightIh, weightHh, biasIh, biasHh, weightHr, batchSizes] = inputs as [
    Tensor,
    Tensor,
    Tensor | null,
    Tensor,
    Tensor,
    Tensor | null,
    Tensor | null,
    Tensor | null,
    Tensor | null,
  ];
  const hidden = (weightHh.shape[0] ?? 0) / gateCounts[attrs.cell];
  const o: Operands = { x, h0, c0, weightIh, weightHh, biasIh, biasHh, weightHr, hidden };
  check(attrs.cell, o, batchSizes);
  const sizes = batchSizes === null ? null : readSizes(batchSizes, o);
  const product = matmul(x, t(weightIh));
  const hoisted = biasIh ? run('add', product, biasIh) : product;
  const rows = stepsOf(hoisted, sizes);
  const outs: Tensor[] = [];
  const keeps: Tensor[] = [];
  let h = h0;
  let c = c0;
  const count = rows.length;
  for (let i = 0; i < count; ++i) {
    const at = attrs.reverse ? count - 1 - i : i;
    const now = rows[at]!(at);
    const active = now.shape[0]!;
    const first = (state: Tensor): Tensor =>
      active === state.shape[0] ? state : narrow(state, 0, 0, active);
    const done = step(attrs.cell, o, now, first(h), c && first(c));
    outs[at] = done.h;
    keeps[at] = keep(done.kept, active, x);
    h = replaceFirst(h, done.h);
    c = c && replaceFirst(c, done.c!);
  }
  const join = sizes === null ? stack : cat;
  return [join(outs), h, c ?? noTensor(x, [0]), noGrad(() => join(keeps))];
}

const noTensor = (x: Tensor, shape: readonly number[]): Tensor =>
  backend.run1('full', [], { shape, value: 0, dtype: x.dtype });

function keep(gates: readonly Tensor[], rows: number, x: Tensor): Tensor {
  return noGrad(() => (gates.length === 0 ? noTensor(x, [rows, 0]) : cat(gates.map(detach), 1)));
}

/** The number of sequences that each step has. */
function readSizes(batchSizes: Tensor, { x, h0 }: Operands): number[] {
  const sizes = Array.from(backend.read(batchSizes) as BigInt64Array, Number);
  const batch = h0.shape[0]!;
  sizes.forEach((size, at) => {
    if (size < 1 || size > (at === 0 ? batch : sizes[at - 1]!) || (at === 0 && size !== batch)) {
      throw new ValueError(
        `[recurrent] batchSizes[${at}] is ${size}: wants ${batch} sequences at first, never more than before and at least 1`,
      );
    }
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape[0]) {
    throw new ValueError(`[recurrent] batchSizes add up to ${total}, but x has ${String(x.shape[0])} rows`);
  }
  return sizes;
}

function check(cell: Cell, o: Operands, batchSizes: Tensor | null): void {
  const fail = (text: string): never => {
    throw new ShapeError(`[recurrent] ${text}`);
  };
  const { x, h0, weightHh, hidden } = o;
  const lstm = cell === 'lstm';
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`[recurrent] wants x of a floating dtype, got ${x.dtype}`);
  }
  if (batchSizes !== null && batchSizes.dtype !== 'int64') {
    throw new DTypeError(`[recurrent] batchSizes is ${batchSizes.dtype}, wants int64`);
  }
  if (batchSizes !== null && batchSizes.ndim !== 1) {
    fail(`batchSizes is ${shapeText(batchSizes.shape)}, wants one dim`);
  }
  if (x.ndim !== (batchSizes ? 2 : 3)) {
    fail(`x is ${shapeText(x.shape)}, wants ${batchSizes ? '[rows, inputs]' : '[steps, batch, inputs]'}`);
  }
  if (h0.ndim !== 2) fail(`h0 is ${shapeText(h0.shape)}, wants [batch, outputs]`);
  if (weightHh.ndim !== 2 || !(hidden >= 1) || !Number.isInteger(hidden) || weightHh.shape[1] === 0) {
    fail(`weightHh is ${shapeText(weightHh.shape)}, wants ${gateCounts[cell]} rows for each hidden unit`);
  }
  const steps = batchSizes ? batchSizes.shape[0]! : x.shape[0]!;
  if (steps === 0) fail(`x is ${shapeText(x.shape)}, wants at least one step`);
  if ((o.c0 !== null) !== lstm) {
    throw new ValueError(`[recurrent] c0 belongs to an lstm, and to it only, got the cell ${cell}`);
  }
  if (o.weightHr !== null && !lstm) {
    throw new ValueError('[recurrent] weightHr was given: only an lstm has a projection');
  }
  const batch = batchSizes ? h0.shape[0]! : x.shape[1]!;
  const outputs = weightHh.shape[1]!;
  const gates = gateCounts[cell] * hidden;
  const wanted: readonly [string, Tensor | null, readonly number[]][] = [
    ['h0', h0, [batch, outputs]],
    ['c0', o.c0, [batch, hidden]],
    ['weightIh', o.weightIh, [gates, x.shape.at(-1)!]],
    ['weightHh', weightHh, [gates, o.weightHr ? outputs : hidden]],
    ['biasIh', o.biasIh, [gates]],
    ['biasHh', o.biasHh, [gates]],
    ['weightHr', o.weightHr, [outputs, hidden]],
  ];
  for (const [name, tensor, shape] of wanted) {
    if (tensor === null) continue;
    if (tensor.dtype !== x.dtype) {
      throw new DTypeError(`[recurrent] ${name} is ${tensor.dtype}, wants the dtype of x, ${x.dtype}`);
    }
    const got = shapeText(tensor.shape);
    if (got !== shapeText(shape)) fail(`${name} is ${got}, wants ${shapeText(shape)}`);
  }
}
