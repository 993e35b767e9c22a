import type { EventTensor, OpEvent } from '../backend/observer.js';
import { product } from '../check.js';

// Floating-point operations of the ops that are products of matrices, a multiplication and an addition counted as two. Of
// others the number says little: what they take is time for memory.

type Rule = (inputs: readonly EventTensor[], outputs: readonly EventTensor[]) => number;

const last = ({ shape }: EventTensor): number => shape.at(-1) ?? 1;
/** Multiply-adds for one output of a convolution with this weight `[O, C/groups, ...]`. */
const window = ({ shape }: EventTensor): number => product(shape.slice(1));
/** Pairs of a query and a key. */
const pairs = (query: EventTensor, key: EventTensor): number =>
  (product(query.shape) / Math.max(last(query), 1)) * (key.shape.at(-2) ?? 1);

const rules: Readonly<Record<string, Rule>> = {
  matmul: ([a], [out]) => 2 * product(out!.shape) * last(a!),
  linear: ([x], [out]) => 2 * product(out!.shape) * last(x!),
  convolution: ([, weight], [out]) => 2 * product(out!.shape) * window(weight!),
  convolutionInputGrad: ([grad, weight]) => 2 * product(grad!.shape) * window(weight!),
  convolutionWeightGrad: ([grad], [out]) => 2 * product(grad!.shape) * window(out!),
  convolutionGradients: ([grad, , weight]) => 4 * product(grad!.shape) * window(weight!),
  // Masked pairs count too.
  scaledDotProductAttention: ([query, key, value]) => 2 * pairs(query!, key!) * (last(query!) + last(value!)),
  scaledDotProductAttentionBackward: ([, query, key, value]) =>
    2 * pairs(query!, key!) * (3 * last(query!) + 2 * last(value!)),
};

/** Floating-point operations of an event, 0 where they are not known. */
export function flopsOf({ name, inputs, outputs }: OpEvent): number {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  const there = (tensor: EventTensor | null): tensor is EventTensor => tensor !== null;
  if (!rule || !inputs.every(there) || !outputs.every(there)) return 0;
  return rule(inputs, outputs);
}
