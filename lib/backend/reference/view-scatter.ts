import { AutogradError, InternalError } from '../../errors.js';
import type { OpRecord } from '../op-record.js';
import { fail, RefTensor, type Spec } from './array.js';
import { copyInto } from './cast.js';
import type { ViewStep } from './node.js';
import { noAttrs, type Gradients, type VjpContext } from './ops/op.js';
import { denseStridesLike, reachOf } from './shape.js';

/** An op whose attributes are not known here. */
export interface AnyOp {
  infer(inputs: readonly RefTensor[], attrs: unknown): readonly Spec[];
  forward?(inputs: readonly RefTensor[], outputs: readonly RefTensor[], attrs: unknown): void;
  readonly saves?: { readonly inputs?: readonly number[]; readonly outputs?: readonly number[] };
  vjp?(c: VjpContext, grad: RefTensor, attrs: unknown): Gradients;
}

export interface ViewScatterAttrs {
  readonly chain: readonly ViewStep[];
  /** Of the tensor for which the chain was made: with them each of its steps is a view. */
  readonly strides: readonly number[];
}

export const viewScatterRecord: OpRecord = {
  inputs: [
    { name: 'base', kind: 'one' },
    { name: 'source', kind: 'one' },
  ],
  attrs: [],
  outputs: [{ name: 'out' }],
  flags: ['internal'],
  promotion: 'none',
};

/** What the tape needs besides the primitives: base with the view that a chain leads to replaced by source. */
export function makeViewScatter(
  primitive: (name: string) => AnyOp,
  run: (name: string, inputs: readonly RefTensor[], attrs: unknown) => RefTensor,
): AnyOp {
  function viewOf(base: RefTensor, chain: readonly ViewStep[]): RefTensor {
    let view = base;
    for (const { op, attrs } of chain) {
      const spec = primitive(op).infer([view], attrs)[0]!;
      if (spec.viewOffset === undefined) fail(InternalError, op, 'is no view of its input here');
      view = new RefTensor(spec.dtype, spec.shape, spec.strides, view.offset + spec.viewOffset, view.storage);
    }
    return view;
  }
  return {
    infer([base], attrs) {
      const { strides } = attrs as ViewScatterAttrs;
      return [{ dtype: base!.dtype, shape: base!.shape, strides: denseStridesLike(base!.shape, strides) }];
    },
    forward([base, source], [out], attrs) {
      copyInto(out!, base!);
      const view = viewOf(out!, (attrs as ViewScatterAttrs).chain);
      const last = view.offset + reachOf(view.shape, view.strides);
      if (view.numel > 0 && (view.offset < 0 || last >= out!.numel)) {
        fail(
          AutogradError,
          'viewScatter',
          'a view that reaches outside of the tensor it was made of cannot be changed by what requires a gradient',
        );
      }
      copyInto(view, source!);
    },
    vjp(c, g, attrs) {
      const { chain } = attrs as ViewScatterAttrs;
      let base: RefTensor | undefined;
      if (c.needs(0)) {
        const nothing = c.run('full', [], { shape: c.shape(1), value: 0, dtype: g.dtype });
        base = run('viewScatter', [g, nothing], attrs);
      }
      let source: RefTensor | undefined;
      if (c.needs(1)) {
        // A step that looks at memory wants it as it was.
        const inMemory = chain.some(({ op }) => op === 'storageView');
        source = inMemory ? run('contiguous', [g], noAttrs) : g;
        for (const step of chain) source = run(step.op, [source], step.attrs);
      }
      return [base, source];
    },
  };
}
