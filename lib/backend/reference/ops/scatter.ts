import { ShapeError } from '../../../errors.js';
import type { OpAttrs } from '../../op-schema.gen.js';
import { fail, fresh, show, type RefTensor, type Spec } from '../array.js';
import { copyInto } from '../cast.js';
import { normalizeDim, sameShape } from '../shape.js';
import { planRowMajor, walk } from '../walk.js';
import { atLeast1d, readIndex, wantSameDtype } from './index-common.js';
import { div, full, mul, noAttrs, wantIndex, where, type ReferenceOp, type VjpContext } from './op.js';

function checkSameRank(op: string, x: RefTensor, index: RefTensor, d: number, besides: string): void {
  const a = atLeast1d(x);
  const b = atLeast1d(index);
  if (a.rank !== b.rank) {
    fail(ShapeError, op, `index wants as many dims as ${besides}: ${show(x.shape)} and ${show(index.shape)}`);
  }
  b.shape.forEach((size, i) => {
    if (i !== d && size > a.shape[i]!) {
      fail(
        ShapeError,
        op,
        `index ${show(index.shape)} is larger than ${besides} ${show(x.shape)} in dim ${i} (${size} against ${a.shape[i]!})`,
      );
    }
  });
}

/**
 * Calls `body(position, other)` for every element of an index in row-major order: `position` is where it points to in x,
 * `other` the offset of the element of `partner` in the same place.
 */
function eachIndexed(
  op: string,
  x: RefTensor,
  index: RefTensor,
  dim: number,
  partner: RefTensor,
  body: (position: number, other: number) => void,
): void {
  const target = atLeast1d(x);
  const at = atLeast1d(index);
  const other = atLeast1d(partner);
  const values = readIndex(op, index, dim, target.shape[dim]!);
  const step = target.strides[dim]!;
  const around = target.strides.map((s, i) => (i === dim ? 0 : s));
  const plan = planRowMajor(at.shape, [around, other.strides]);
  const last = plan.sizes.length - 1;
  walk(plan, [0, target.offset, other.offset], (o) => {
    for (let i = 0; i < plan.sizes[last]!; i++) {
      const value = values[o[0]! + i * plan.strides[0]![last]!]!;
      body(o[1]! + i * plan.strides[1]![last]! + value * step, o[2]! + i * plan.strides[2]![last]!);
    }
  });
}

export const gather: ReferenceOp<'gather'> = {
  infer([x, index], { dim }) {
    wantIndex('gather', index!);
    const d = normalizeDim('gather', dim, x!.rank);
    if (index!.numel > 0) checkSameRank('gather', x!, index!, d, 'x');
    return [fresh(x!.dtype, index!.shape)];
  },
  forward([x, index], [out], { dim }) {
    if (out!.numel === 0) return;
    const from = x!.numbers;
    const to = out!.numbers;
    eachIndexed('gather', x!, index!, normalizeDim('gather', dim, x!.rank), out!, (position, at) => {
      to[at] = from[position]!;
    });
  },
  saves: { inputs: [1] },
  vjp(c, g, { dim }) {
    const base = c.run('full', [], { shape: c.shape(0), value: 0, dtype: g.dtype });
    return [c.run('scatterAdd', [base, c.input(1), g], { dim })];
  },
};

function inferScatter(op: string, [x, index, source]: readonly RefTensor[], dim: number): Spec[] {
  wantIndex(op, index!);
  wantSameDtype(op, x!, source!);
  const d = normalizeDim(op, dim, x!.rank);
  if (index!.numel > 0) {
    checkSameRank(op, x!, index!, d, 'x');
    checkSameRank(op, source!, index!, -1, 'source');
  }
  return [fresh(x!.dtype, x!.shape)];
}

/** Calls `meet` with the place in the output and the element of the source for each element of the index. */
function scatterInto(
  op: string,
  [x, index, source]: readonly RefTensor[],
  out: RefTensor,
  dim: number,
  meet: (to: Float64Array, position: number, value: number) => void,
): void {
  copyInto(out, x!);
  if (index!.numel === 0) return;
  const from = source!.numbers;
  const to = out.numbers;
  const d = normalizeDim(op, dim, x!.rank);
  eachIndexed(op, out, index!, d, source!, (position, at) => meet(to, position, from[at]!));
}

const gathered = (c: VjpContext, x: RefTensor, dim: number): RefTensor =>
  c.run('gather', [x, c.input(1)], { dim });

/** The gradient of the source: zeros beyond the index, where it was not read. */
function sourceGrad(c: VjpContext, g: RefTensor, dim: number): RefTensor | undefined {
  if (!c.needs(2)) return undefined;
  let out = gathered(c, g, dim);
  const wanted = c.shape(2);
  for (let d = 0; d < wanted.length; d++) {
    if (out.shape[d] === wanted[d]) continue;
    const attrs = { dim: d, start: 0, length: out.shape[d]!, step: 1 };
    const wider = out.shape.slice();
    wider[d] = wanted[d]!;
    out = c.embed(wider, { op: 'slice', attrs }, out);
  }
  return out;
}

export const scatter: ReferenceOp<'scatter'> = {
  infer: (inputs, { dim }) => inferScatter('scatter', inputs, dim),
  forward: (inputs, [out], { dim }) =>
    scatterInto('scatter', inputs, out!, dim, (to, at, value) => {
      to[at] = value;
    }),
  saves: { inputs: [1] },
  vjp(c, g, { dim }) {
    const nothing = full(c, c.shape(1), 0, g.dtype);
    const kept = c.needs(0) ? c.run('scatter', [g, c.input(1), nothing], { dim }) : undefined;
    return [kept, undefined, sourceGrad(c, g, dim)];
  },
};

export const scatterAdd: ReferenceOp<'scatterAdd'> = {
  infer: (inputs, { dim }) => inferScatter('scatterAdd', inputs, dim),
  forward(inputs, [out], { dim }) {
    const or = out!.dtype === 'bool';
    scatterInto('scatterAdd', inputs, out!, dim, (to, at, value) => {
      to[at] = or ? to[at]! | value : to[at]! + value;
    });
  },
  saves: { inputs: [1] },
  vjp: (c, g, { dim }) => [g, undefined, sourceGrad(c, g, dim)],
};

type ReduceAttrs = OpAttrs['scatterReduce'];

const meets: Readonly<Record<ReduceAttrs['reduce'], (a: number, b: number) => number>> = {
  prod: (a, b) => a * b,
  amax: (a, b) => (b > a || b !== b ? b : a),
  amin: (a, b) => (b < a || b !== b ? b : a),
};

export const scatterReduce: ReferenceOp<'scatterReduce'> = {
  infer(inputs, { dim }) {
    const [, index, source] = inputs;
    const out = inferScatter('scatterReduce', inputs, dim);
    if (!sameShape(index!.shape, source!.shape)) {
      fail(
        ShapeError,
        'scatterReduce',
        `source wants the shape of index, ${show(index!.shape)}, got ${show(source!.shape)}`,
      );
    }
    return out;
  },
  forward(inputs, [out], { dim, reduce }) {
    const meet = meets[reduce];
    // The products of integers of 32 bits wrap; that of two of them may have more bits than a number.
    const wraps = out!.dtype === 'int32' && reduce === 'prod';
    scatterInto('scatterReduce', inputs, out!, dim, (to, at, value) => {
      to[at] = wraps ? Math.imul(to[at]!, value) : meet(to[at]!, value);
    });
  },
  saves: { inputs: [0, 1, 2], outputs: [0] },
  vjp: (c, g, attrs) => (attrs.reduce === 'prod' ? productVjp(c, g, attrs) : extremumVjp(c, g, attrs)),
};

const same = (c: VjpContext, x: RefTensor, y: RefTensor): RefTensor =>
  c.run('to', [c.run('eq', [x, y], noAttrs)], { dtype: x.dtype });

/** Elements that tie for the extremum share the gradient of their place. */
function extremumVjp(c: VjpContext, g: RefTensor, { dim }: ReduceAttrs): (RefTensor | undefined)[] {
  const own = same(c, c.input(0), c.output(0));
  const given = same(c, c.input(2), gathered(c, c.output(0), dim));
  const share = div(c, g, c.run('scatterAdd', [own, c.input(1), given], { dim }));
  return [
    c.needs(0) ? mul(c, own, share) : undefined,
    undefined,
    c.needs(2) ? mul(c, given, gathered(c, share, dim)) : undefined,
  ];
}

/** The product of the others: see the native record. */
function productVjp(c: VjpContext, g: RefTensor, attrs: ReduceAttrs): (RefTensor | undefined)[] {
  const { dim } = attrs;
  const [x, index, source] = [c.input(0), c.input(1), c.input(2)];
  const zeroOf = (t: RefTensor): RefTensor => c.run('eq', [t, 0], noAttrs);
  const reduced = (a: RefTensor, b: RefTensor): RefTensor => c.run('scatterReduce', [a, index, b], attrs);
  let own: RefTensor | undefined;
  if (c.needs(0)) {
    const filled = where(c, zeroOf(x), 1, x);
    own = div(c, mul(c, g, reduced(filled, source)), filled);
  }
  if (!c.needs(2)) return [own, undefined, undefined];
  const zero = zeroOf(source);
  const counted = c.run('to', [zero], { dtype: x.dtype });
  const zeros = c.run('scatterAdd', [full(c, x.shape, 0, x.dtype), index, counted], { dim });
  const single = c.run('eq', [gathered(c, zeros, dim), 1], noAttrs);
  const only = where(c, single, zero, full(c, [], 0, 'bool'));
  const others = gathered(c, mul(c, g, reduced(x, where(c, only, 1, source))), dim);
  const whole = gathered(c, mul(c, g, reduced(x, source)), dim);
  return [own, undefined, where(c, only, others, div(c, whole, where(c, zero, 1, source)))];
}
