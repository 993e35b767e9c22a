import { autocasting, castTo, withAutocastScope } from '../autocast-policy.js';
import { Handle } from '../backend/backend.js';
import type { OpInput } from '../backend/backend.js';
import { backend, provideCompositeGradient } from '../backend/current.js';
import { opRecords } from '../backend/op-schema.gen.js';
import type { FusedName, OpAttrs } from '../backend/op-schema.gen.js';
import { asOneOp } from '../backend/recording.js';
import { noAttrs, shapeText } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { enableGrad } from '../grad-mode.js';
import { checkFunction, scoped, synchronous } from '../scope.js';
import type { Synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';
import * as activation from './composites/activation.js';
import * as arithmetic from './composites/arithmetic.js';
import { prefixAttention, scaledDotProductAttention } from './composites/attention.js';
import { crossEntropy, softCrossEntropy } from './composites/cross-entropy.js';
import { ctcLoss } from './composites/ctc.js';
import { dropout } from './composites/dropout.js';
import { embeddingBag } from './composites/embedding-bag.js';
import { gridSample } from './composites/grid-sample.js';
import { linear } from './composites/linear.js';
import * as norm from './composites/norm.js';
import * as adaptive from './composites/optim-adaptive.js';
import * as clip from './composites/optim-clip.js';
import * as matrix from './composites/optim-matrix.js';
import * as optim from './composites/optim.js';
import { recurrent } from './composites/recurrent.js';
import * as reduction from './composites/reduction.js';
import { kthvalue, median, mode, nanmedian, topk } from './composites/select.js';
import { variance } from './composites/variance.js';
import { windowMax } from './composites/window-max.js';
import { clone } from './convert.js';
import { view } from './view.js';

/** An op in terms of primitives: the inputs, attributes and outputs are those of its record. */
export type Composite<Name extends FusedName> = (
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
) => Tensor[];

/**
 * Every op that a backend may run in one piece, as what it means. This is the definition: it is what runs where there is
 * no fused op, what gradients of gradients are taken of, and what the tests hold fused ops equal to.
 */
const composites: { readonly [Name in FusedName]: Composite<Name> } = {
  ...activation,
  ...adaptive,
  ...arithmetic,
  ...clip,
  ...matrix,
  ...optim,
  ...norm,
  ...reduction,
  crossEntropy,
  ctcLoss,
  dropout,
  embeddingBag,
  gridSample,
  kthvalue,
  linear,
  median,
  mode,
  nanmedian,
  recurrent,
  prefixAttention,
  scaledDotProductAttention,
  softCrossEntropy,
  topk,
  var: variance,
  windowMax,
};

let forced = false;

/**
 * Runs `fn` with every fused op replaced by its definition in primitives, to compare the two. Synchronous only.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { allclose, layerNorm, randn, withComposites } from 'lanegrad';
 * const x = randn([4, 8]);
 * allclose(
 *   withComposites(() => layerNorm(x, [8])),
 *   layerNorm(x, [8]),
 *   { atol: 1e-5 },
 * ); // => true
 */
export function withComposites<T>(fn: () => Synchronous<T>): T {
  checkFunction('withComposites', fn);
  const former = forced;
  forced = true;
  try {
    return synchronous<T>('withComposites', fn());
  } finally {
    forced = former;
  }
}

/** Whether fused ops are replaced by their definitions here. */
export function compositesForced(): boolean {
  return forced;
}

/** Runs a fused op: in one piece where the backend has it, else by its definition. */
export function runComposite<Name extends FusedName>(
  op: Name,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): Tensor[] {
  if (!forced && backend.has(op)) return backend.run(op, inputs, attrs);
  return runDefinition(op, inputs, attrs);
}

/** A fused op by its definition, for operands that the op in one piece does not take. */
export function runDefinition<Name extends FusedName>(
  op: Name,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): Tensor[] {
  return scoped(() => define(op, inputs, attrs));
}

/** The definition under autocast is what the op in one piece is: its operands are cast, what it is made of is not. */
function define<Name extends FusedName>(
  op: Name,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): Tensor[] {
  if (!autocasting()) return compose(op, inputs, attrs);
  const given = inputs.map((input) => (Handle.is(input) ? castOperand(op, input) : input));
  return withAutocastScope(null, () => compose(op, given, attrs));
}

/** Where nothing is fused, a definition stands for the op, which reads what it needs also where values must not be read. */
function compose<Name extends FusedName>(
  op: Name,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): Tensor[] {
  return backend.name === 'js' ? asOneOp(() => composites[op](inputs, attrs)) : composites[op](inputs, attrs);
}

function castOperand(op: FusedName, input: Tensor): Tensor {
  const policy = opRecords[op].autocast;
  if (policy === undefined) return input;
  return policy === 'float32' ? castTo(input, 'float32') : (backend.castToScope(input) ?? input);
}

/** `runComposite` for its first output. */
export function runComposite1<Name extends FusedName>(
  op: Name,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): Tensor {
  if (!forced && backend.has(op)) return backend.run1(op, inputs, attrs);
  return scoped(() => define(op, inputs, attrs)[0]!);
}

/** A fused op that writes its result into `target`, its first input. */
export function runCompositeInPlace<Name extends FusedName>(
  op: Name,
  target: Tensor,
  inputs: readonly OpInput<Tensor>[],
  attrs: OpAttrs[Name],
): void {
  if (!forced && backend.has(op)) {
    backend.runInPlace(op, [target, ...inputs], attrs);
  } else {
    writeInto(op, target, (x) => withAutocastScope(null, () => compose(op, [x, ...inputs], attrs)[0]!));
  }
}

/** Writes a result into a tensor, if its shape and kind of dtype are those of the tensor. */
export function writeInto(op: string, target: Tensor, compute: (x: Tensor) => Tensor): void {
  scoped(() => {
    // What the gradient needs of the target must not be overwritten.
    const result = compute(backend.requiresGrad(target) ? clone(target) : target);
    if (isFloat(result.dtype) && !isFloat(target.dtype)) {
      throw new DTypeError(`[${op}] a ${result.dtype} result cannot be written into ${target.dtype}`);
    }
    const [got, wanted] = [shapeText(result.shape), shapeText(target.shape)];
    if (got !== wanted) {
      throw new ShapeError(`[${op}] the result of shape ${got} cannot be written into ${wanted}`);
    }
    backend.runInPlace('copy', [target, result], noAttrs);
  });
}

// The gradient of a fused op that is to be differentiated again. Each input goes in through a view of its own, so that a
// tensor given twice gets each of its gradients, not their sum twice.
provideCompositeGradient((op, inputs, attrs, grads) =>
  enableGrad(() => {
    const views = inputs.map((input) =>
      input !== null && backend.requiresGrad(input) ? view(input, input.shape) : input,
    );
    const compute = composites[op as FusedName] as Composite<FusedName>;
    const outputs = compute(views, attrs as unknown as OpAttrs[FusedName]);
    const roots = outputs.filter((output, j) => grads[j] && backend.requiresGrad(output));
    const weights = grads.filter((grad, j) => grad && backend.requiresGrad(outputs[j]!));
    const wanted = views.filter((input, i): input is Tensor => input !== null && input !== inputs[i]);
    const results = backend.grad(roots, wanted, weights, { retainGraph: true, createGraph: true });
    return views.map((input, i) =>
      input !== null && input !== inputs[i] ? (results[wanted.indexOf(input)] ?? null) : null,
    );
  }),
);
