import { DTypeError, ShapeError } from '../../../errors.js';
import { fail, fresh, show, type RefTensor } from '../array.js';
import { multiplyPacked, pack, packedLength, scratchArray } from '../gemm.js';
import { broadcastShapes, broadcastStrides } from '../shape.js';
import { planRowMajor, walk } from '../walk.js';
import { noAttrs, sumTo, type ReferenceOp, type VjpContext } from './op.js';

function transposed(c: VjpContext, x: RefTensor): RefTensor {
  const dims = x.shape.map((_, i) => i);
  const last = dims.length - 1;
  dims[last] = last - 1;
  dims[last - 1] = last;
  return c.run('permute', [x], { dims });
}

export const matmul: ReferenceOp<'matmul'> = {
  infer([a, b]) {
    if (a!.dtype === 'bool') fail(DTypeError, 'matmul', 'is not defined for bool: cast it first');
    if (a!.rank < 2 || b!.rank < 2) {
      fail(ShapeError, 'matmul', `wants at least 2 dims: a is ${show(a!.shape)}, b is ${show(b!.shape)}`);
    }
    const inner = a!.shape[a!.rank - 1]!;
    const innerB = b!.shape[b!.rank - 2]!;
    if (inner !== innerB) {
      fail(
        ShapeError,
        'matmul',
        `inner dimensions differ: a is ${show(a!.shape)}, b is ${show(b!.shape)} (${inner} against ${innerB})`,
      );
    }
    const batch = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    return [fresh(a!.dtype, [...batch, a!.shape[a!.rank - 2]!, b!.shape[b!.rank - 1]!])];
  },
  forward([a, b], [out]) {
    const rank = out!.rank;
    const m = out!.shape[rank - 2]!;
    const n = out!.shape[rank - 1]!;
    const k = a!.shape[a!.rank - 1]!;
    if (out!.numel === 0 || k === 0) return; // fresh memory is zero
    const batch = out!.shape.slice(0, -2);
    const batchStrides = (x: RefTensor): readonly number[] =>
      broadcastStrides(x.shape.slice(0, -2), x.strides.slice(0, -2), batch);
    const [ar, ac] = a!.strides.slice(-2) as [number, number];
    const [br, bc] = b!.strides.slice(-2) as [number, number];
    const plan = planRowMajor(batch, [batchStrides(a!), batchStrides(b!)]);
    const last = plan.sizes.length - 1;
    const step = m * n;
    // The batch loops count products in operand 0.
    const packedA = scratchArray(0, a!.isFloat ? packedLength(m, k) : 0);
    const packedB = scratchArray(1, a!.isFloat ? packedLength(n, k) : 0);
    let packedFrom = -1;
    walk(plan, [0, a!.offset, b!.offset], (at) => {
      for (let i = 0; i < plan.sizes[last]!; i++) {
        const co = (at[0]! + i * plan.strides[0]![last]!) * step;
        const ao = at[1]! + i * plan.strides[1]![last]!;
        const bo = at[2]! + i * plan.strides[2]![last]!;
        const c = { data: out!.numbers, offset: co, rowStride: n, columnStride: 1 };
        if (!a!.isFloat) {
          multiplyIntegers(m, n, k, a!, ao, b!, bo, out!, co);
          continue;
        }
        pack(packedA, a!.numbers, ao, m, ar, k, ac);
        // The same B for many A (a layer on a batch of sequences) is packed once.
        if (packedFrom !== bo) pack(packedB, b!.numbers, bo, n, bc, k, br);
        packedFrom = bo;
        multiplyPacked(m, n, k, packedA, packedB, c, false);
      }
    });
  },
  saves: { inputs: [0, 1] },
  // dA = G Bt, dB = At G
  vjp: (c, g) => [
    c.needs(0) ? sumTo(c, c.run('matmul', [g, transposed(c, c.input(1))], noAttrs), c.shape(0)) : undefined,
    c.needs(1) ? sumTo(c, c.run('matmul', [transposed(c, c.input(0)), g], noAttrs), c.shape(1)) : undefined,
  ],
};

function multiplyIntegers(
  m: number,
  n: number,
  k: number,
  a: RefTensor,
  ao: number,
  b: RefTensor,
  bo: number,
  out: RefTensor,
  co: number,
): void {
  const [ar, ac] = a.strides.slice(-2) as [number, number];
  const [br, bc] = b.strides.slice(-2) as [number, number];
  const wide = out.dtype === 'int64';
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const to = co + i * n + j;
      if (wide) {
        let total = 0n;
        const x = a.data as BigInt64Array;
        const y = b.data as BigInt64Array;
        for (let p = 0; p < k; p++) total += x[ao + i * ar + p * ac]! * y[bo + p * br + j * bc]!;
        (out.data as BigInt64Array)[to] = total;
      } else {
        let total = 0;
        for (let p = 0; p < k; p++) {
          total = (total + Math.imul(a.numbers[ao + i * ar + p * ac]!, b.numbers[bo + p * br + j * bc]!)) | 0;
        }
        out.numbers[to] = total;
      }
    }
  }
}
