import { backward } from '../autograd.js';
import { backend } from '../backend/current.js';
import { checkOperand, checkTensor, noAttrs, checkOptions } from '../check.js';
import type { Operand } from '../check.js';
import * as binary from '../ops/binary.js';
import { checkBounds, clamp, clampAttrs } from '../ops/clamp.js';
import type { ClampOptions } from '../ops/clamp.js';
import { runCompositeInPlace, writeInto } from '../ops/composite.js';
import * as convert from '../ops/convert.js';
import * as similarity from '../ops/similarity.js';
import * as reduction from '../ops/reduction.js';
import * as truth from '../ops/truth.js';
import * as unary from '../ops/unary.js';
import { scoped } from '../scope.js';
import { Tensor } from '../tensor.js';
import { cumulativeInPlace, cumulativeMethods } from './cumulative.js';
import { elementwiseMethods } from './elementwise.js';
import type { ElementwiseMethods } from './elementwise-types.js';
import { indexingInPlace, indexingMethods } from './indexing.js';
import { linalgMethods } from './linalg.js';
import { randomInPlaceMethods, randomMethods } from './random.js';
import { reductionMethods } from './reduction.js';
import { shapeMethods, shapeProperties } from './shape.js';
import { sortingMethods } from './sorting.js';
import type { InPlaceMethods, TensorMethods } from './types.js';

// Written out, not generated from names: a method that is forgotten or does not fit its function is a type error, and a
// call is one plain call.
const methods: Omit<TensorMethods, keyof ElementwiseMethods | 'T' | 'mT'> & ThisType<Tensor> = {
  ...cumulativeMethods,
  ...randomMethods,
  ...reductionMethods,
  renorm(p, dim, maxnorm) {
    return similarity.renorm(this, p, dim, maxnorm);
  },
  ...sortingMethods,

  abs() {
    return unary.abs(this);
  },
  neg() {
    return unary.neg(this);
  },
  sign() {
    return unary.sign(this);
  },
  square() {
    return unary.square(this);
  },
  relu() {
    return unary.relu(this);
  },
  floor() {
    return unary.floor(this);
  },
  ceil() {
    return unary.ceil(this);
  },
  trunc() {
    return unary.trunc(this);
  },
  round(options) {
    return unary.round(this, options);
  },
  exp() {
    return unary.exp(this);
  },
  log() {
    return unary.log(this);
  },
  sqrt() {
    return unary.sqrt(this);
  },
  rsqrt() {
    return unary.rsqrt(this);
  },
  reciprocal() {
    return unary.reciprocal(this);
  },
  sin() {
    return unary.sin(this);
  },
  cos() {
    return unary.cos(this);
  },
  tanh() {
    return unary.tanh(this);
  },
  sigmoid() {
    return unary.sigmoid(this);
  },
  erf() {
    return unary.erf(this);
  },
  silu() {
    return unary.silu(this);
  },
  gelu(options) {
    return unary.gelu(this, options);
  },
  clamp(options) {
    return clamp(this, options);
  },
  logicalNot() {
    return unary.logicalNot(this);
  },
  isnan() {
    return unary.isnan(this);
  },

  add(other, options) {
    return binary.add(this, other, options);
  },
  sub(other, options) {
    return binary.sub(this, other, options);
  },
  mul(other) {
    return binary.mul(this, other);
  },
  div(other, options) {
    return binary.div(this, other, options);
  },
  pow(exponent) {
    return binary.pow(this, exponent);
  },
  maximum(other) {
    return binary.maximum(this, other);
  },
  minimum(other) {
    return binary.minimum(this, other);
  },
  eq(other) {
    return binary.eq(this, other);
  },
  ne(other) {
    return binary.ne(this, other);
  },
  lt(other) {
    return binary.lt(this, other);
  },
  le(other) {
    return binary.le(this, other);
  },
  gt(other) {
    return binary.gt(this, other);
  },
  ge(other) {
    return binary.ge(this, other);
  },
  where(condition, other) {
    return binary.where(condition, this, other);
  },

  sum(options) {
    return reduction.sum(this, options);
  },
  mean(options) {
    return reduction.mean(this, options);
  },
  amax(options) {
    return reduction.amax(this, options);
  },
  amin(options) {
    return reduction.amin(this, options);
  },
  max: function (this: Tensor, second?: never) {
    return reduction.max(this, second);
  } as TensorMethods['max'],
  min: function (this: Tensor, second?: never) {
    return reduction.min(this, second);
  } as TensorMethods['min'],
  argmax(options) {
    return reduction.argmax(this, options);
  },
  argmin(options) {
    return reduction.argmin(this, options);
  },
  var(options) {
    return reduction.variance(this, options);
  },
  std(options) {
    return reduction.std(this, options);
  },
  any(options) {
    return truth.any(this, options);
  },
  all(options) {
    return truth.all(this, options);
  },
  softmax(dim, options) {
    return reduction.softmax(this, dim, options);
  },
  logSoftmax(dim, options) {
    return reduction.logSoftmax(this, dim, options);
  },
  allclose(other, options) {
    return truth.allclose(this, other, options);
  },
  equal(other) {
    return truth.equal(this, other);
  },

  ...linalgMethods,

  ...shapeMethods,
  ...indexingMethods,

  to(dtype) {
    return convert.to(this, dtype);
  },
  float() {
    return convert.to(this, 'float32');
  },
  double() {
    return convert.to(this, 'float64');
  },
  long() {
    return convert.to(this, 'int64');
  },
  int() {
    return convert.to(this, 'int32');
  },
  half() {
    return convert.to(this, 'float16');
  },
  bfloat16() {
    return convert.to(this, 'bfloat16');
  },
  bool() {
    return convert.to(this, 'bool');
  },
  clone() {
    return convert.clone(this);
  },
  detach() {
    return convert.detach(this);
  },
  contiguous() {
    return convert.contiguous(this);
  },

  backward(options) {
    backward(this, options);
  },
};

type BinaryOp = 'mul' | 'pow';
type UnaryOp =
  | (
      | 'abs'
      | 'neg'
      | 'sign'
      | 'square'
      | 'relu'
      | 'floor'
      | 'ceil'
      | 'trunc'
      | 'exp'
      | 'log'
      | 'sqrt'
      | 'rsqrt'
    )
  | ('reciprocal' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'silu');

function binaryInPlace<Op extends BinaryOp>(op: Op) {
  const name = `${op}_`;
  return function <T extends Tensor>(this: T, other: Operand): T {
    checkOperand(name, 'other', other);
    backend.runInPlace(op, [this, other], noAttrs);
    return this;
  };
}

function sumInPlace(op: 'add' | 'sub') {
  const name = `${op}_`;
  return function <T extends Tensor>(this: T, other: Operand, options?: binary.AlphaOptions): T {
    checkOperand(name, 'other', other);
    if (op === 'sub') binary.checkNoBool(name, this, other);
    if (options !== undefined) checkOptions(name, options);
    const alpha = options?.alpha ?? 1;
    if (alpha === 1) {
      backend.runInPlace(op, [this, other], noAttrs);
    } else if (binary.sumsFloats(name, this, other, alpha)) {
      runCompositeInPlace('addScaled', this, [other], { alpha: op === 'add' ? alpha : -alpha });
    } else {
      scoped(() => backend.runInPlace(op, [this, binary.scaledOperand(this, other, alpha)], noAttrs));
    }
    return this;
  };
}

function unaryInPlace<Op extends UnaryOp>(op: Op) {
  return function <T extends Tensor>(this: T): T {
    backend.runInPlace(op, [this], noAttrs);
    return this;
  };
}

const inPlace: Record<keyof InPlaceMethods, unknown> & ThisType<Tensor> = {
  ...cumulativeInPlace,
  ...randomInPlaceMethods,
  ...indexingInPlace,
  add_: sumInPlace('add'),
  sub_: sumInPlace('sub'),
  mul_: binaryInPlace('mul'),
  div_(this: Tensor, other: Operand, options?: binary.DivOptions): Tensor {
    checkOperand('div_', 'other', other);
    if (options !== undefined) checkOptions('div_', options);
    backend.runInPlace(binary.quotientOp('div_', options?.roundingMode), [this, other], noAttrs);
    return this;
  },
  pow_: binaryInPlace('pow'),
  abs_: unaryInPlace('abs'),
  neg_: unaryInPlace('neg'),
  sign_: unaryInPlace('sign'),
  square_: unaryInPlace('square'),
  relu_: unaryInPlace('relu'),
  floor_: unaryInPlace('floor'),
  ceil_: unaryInPlace('ceil'),
  trunc_: unaryInPlace('trunc'),
  round_(this: Tensor, options?: unary.RoundOptions): Tensor {
    if (options !== undefined) checkOptions('round_', options);
    if (options?.decimals) writeInto('round_', this, (x) => unary.round(x, options));
    else backend.runInPlace('round', [this], noAttrs);
    return this;
  },
  exp_: unaryInPlace('exp'),
  log_: unaryInPlace('log'),
  sqrt_: unaryInPlace('sqrt'),
  rsqrt_: unaryInPlace('rsqrt'),
  reciprocal_: unaryInPlace('reciprocal'),
  sin_: unaryInPlace('sin'),
  cos_: unaryInPlace('cos'),
  tanh_: unaryInPlace('tanh'),
  sigmoid_: unaryInPlace('sigmoid'),
  erf_: unaryInPlace('erf'),
  silu_: unaryInPlace('silu'),
  clamp_(this: Tensor, options: ClampOptions): Tensor {
    checkBounds('clamp_', options);
    const attrs = clampAttrs('clamp_', this, options);
    if (attrs !== null) backend.runInPlace('clamp', [this], attrs);
    else writeInto('clamp_', this, (x) => clamp(x, options));
    return this;
  },
  copy_(this: Tensor, source: Tensor): Tensor {
    checkTensor('copy_', 'source', source);
    backend.runInPlace('copy', [this, source], noAttrs);
    return this;
  },
  fill_(this: Tensor, value: Operand): Tensor {
    convert.checkFillValue('fill_', value);
    backend.runInPlace('copy', [this, value], noAttrs);
    return this;
  },
  zero_(this: Tensor): Tensor {
    backend.runInPlace('copy', [this, 0], noAttrs);
    return this;
  },
};

for (const [name, value] of Object.entries({ ...methods, ...inPlace, ...elementwiseMethods })) {
  // Those that are made for many ops at a time have no name of their own, by which errors could call them.
  if (name.endsWith('_')) Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(Tensor.prototype, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

for (const [name, get] of Object.entries(shapeProperties)) {
  Object.defineProperty(Tensor.prototype, name, { get, configurable: true, enumerable: false });
}
