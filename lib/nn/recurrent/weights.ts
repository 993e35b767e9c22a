import type { OpAttrs } from '../../backend/op-schema.gen.js';
import type { FloatDType } from '../../dtype.js';
import { zeros } from '../../ops/creation.js';
import { uniform_ } from '../init.js';
import { parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';

/** What a layer or cell computes in one step. */
export type CellKind = OpAttrs['recurrent']['cell'];

const gateCounts: Readonly<Record<CellKind, number>> = { tanh: 1, relu: 1, lstm: 4, gru: 3 };

/** The parameters of one layer in one direction. */
export interface Weights {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  readonly weightHr: Parameter | null;
}

/** All uniform in [-1/sqrt(hidden), 1/sqrt(hidden)), as PyTorch's. */
export function makeWeights(
  cell: CellKind,
  sizes: { inputs: number; hidden: number; projected: number },
  bias: boolean,
  dtype: FloatDType,
): Weights {
  const { inputs, hidden, projected } = sizes;
  const gates = gateCounts[cell] * hidden;
  const bound = 1 / Math.sqrt(hidden);
  const make = (shape: readonly number[]): Parameter =>
    uniform_(parameter(zeros(shape, { dtype })), { low: -bound, high: bound });
  return {
    weightIh: make([gates, inputs]),
    weightHh: make([gates, projected || hidden]),
    biasIh: bias ? make([gates]) : null,
    biasHh: bias ? make([gates]) : null,
    weightHr: projected > 0 ? make([projected, hidden]) : null,
  };
}

/** `weightIhL0Reverse` as PyTorch's `weight_ih_l0_reverse`, `weightIh` as `weight_ih`. */
export function weightName(field: string): string {
  const match = /^(weight|bias)(Ih|Hh|Hr)(?:L(\d+))?(Reverse)?$/.exec(field);
  if (match === null) return field;
  const [, kind, gate, layer, reverse] = match;
  return `${kind}_${gate!.toLowerCase()}${layer === undefined ? '' : `_l${layer}`}${reverse ? '_reverse' : ''}`;
}
