import { backend } from '../backend/current.js';
import { checkOperand, checkTensor, noAttrs } from '../check.js';
import type { Operand } from '../check.js';
import type { OpName } from '../backend/op-schema.gen.js';
import * as activation from '../ops/activation.js';
import * as arithmetic from '../ops/arithmetic.js';
import { checkBounds, clampAttrs, clampMax, clampMin } from '../ops/clamp.js';
import { runCompositeInPlace, writeInto } from '../ops/composite.js';
import { typeAs } from '../ops/convert.js';
import * as logic from '../ops/logic.js';
import * as math from '../ops/math.js';
import * as parts from '../ops/parts.js';
import { isFloat } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import type {
  BinaryMethods,
  ElementwiseMethods,
  ListedInPlaceMethods,
  UnaryMethods,
} from './elementwise-types.js';

// The elementwise functions as methods. Those of one tensor and of two are made from the lists here; the others stand below.

/** The functions behind methods: the tensor comes first. */
type Functions<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...values: infer Values) => infer Result
    ? (x: Tensor, ...values: Values) => Result
    : never;
};

const unary: Functions<UnaryMethods> = {
  exp2: math.exp2,
  expm1: math.expm1,
  log2: math.log2,
  log10: math.log10,
  log1p: math.log1p,
  tan: math.tan,
  asin: math.asin,
  acos: math.acos,
  atan: math.atan,
  sinh: math.sinh,
  cosh: math.cosh,
  asinh: math.asinh,
  acosh: math.acosh,
  atanh: math.atanh,
  erfc: math.erfc,
  erfinv: math.erfinv,
  sinc: math.sinc,
  lgamma: math.lgamma,
  digamma: math.digamma,
  i0: math.i0,
  deg2rad: math.deg2rad,
  rad2deg: math.rad2deg,
  frac: parts.frac,
  positive: parts.positive,
  sgn: parts.sgn,
  bitwiseNot: logic.bitwiseNot,
  isfinite: logic.isfinite,
  isinf: logic.isinf,
  isneginf: logic.isneginf,
  isposinf: logic.isposinf,
  isreal: logic.isreal,
  signbit: logic.signbit,
};

const binary: Functions<BinaryMethods> = {
  floorDivide: arithmetic.floorDivide,
  trueDivide: arithmetic.trueDivide,
  remainder: arithmetic.remainder,
  fmod: arithmetic.fmod,
  fmax: arithmetic.fmax,
  fmin: arithmetic.fmin,
  atan2: arithmetic.atan2,
  hypot: arithmetic.hypot,
  logaddexp: arithmetic.logaddexp,
  logaddexp2: arithmetic.logaddexp2,
  copysign: arithmetic.copysign,
  nextafter: arithmetic.nextafter,
  ldexp: arithmetic.ldexp,
  floatPower: arithmetic.floatPower,
  xlogy: arithmetic.xlogy,
  gcd: arithmetic.gcd,
  lcm: arithmetic.lcm,
  igamma: arithmetic.igamma,
  igammac: arithmetic.igammac,
  bitwiseAnd: logic.bitwiseAnd,
  bitwiseOr: logic.bitwiseOr,
  bitwiseXor: logic.bitwiseXor,
  bitwiseLeftShift: logic.bitwiseLeftShift,
  bitwiseRightShift: logic.bitwiseRightShift,
  logicalAnd: logic.logicalAnd,
  logicalOr: logic.logicalOr,
  logicalXor: logic.logicalXor,
};

// In-place forms: by one op where it writes its first operand, else through a copy of the result.
const unaryOps = [
  'exp2',
  'expm1',
  'log2',
  'log10',
  'log1p',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'asinh',
  'acosh',
  'atanh',
  'erfc',
  'erfinv',
  'sinc',
  'lgamma',
  'digamma',
  'i0',
  'bitwiseNot',
  'logicalNot',
] as const satisfies readonly OpName[];
const binaryOps = [
  'floorDivide',
  'remainder',
  'fmod',
  'atan2',
  'hypot',
  'copysign',
  'nextafter',
  'xlogy',
  'gcd',
  'lcm',
  'igamma',
  'igammac',
  'bitwiseAnd',
  'bitwiseOr',
  'bitwiseXor',
  'bitwiseLeftShift',
  'bitwiseRightShift',
  'logicalAnd',
  'logicalOr',
  'logicalXor',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
] as const satisfies readonly OpName[];
const unaryByCopy = ['deg2rad', 'rad2deg', 'frac', 'sgn'] as const;
const binaryByCopy = ['trueDivide', 'ldexp', 'floatPower'] as const;

type Listed = keyof (UnaryMethods & BinaryMethods & ListedInPlaceMethods);

function listedMethods(): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, fn] of Object.entries(unary) as [string, (x: Tensor) => Tensor][]) {
    made[name] = function (this: Tensor): Tensor {
      return fn(this);
    };
  }
  for (const [name, fn] of Object.entries(binary) as [string, (x: Tensor, other: Tensor) => Tensor][]) {
    made[name] = function (this: Tensor, other: Tensor): Tensor {
      return fn(this, other);
    };
  }
  for (const op of unaryOps) {
    made[`${op}_`] = function (this: Tensor): Tensor {
      backend.runInPlace(op, [this], noAttrs);
      return this;
    };
  }
  for (const op of binaryOps) {
    made[`${op}_`] = function (this: Tensor, other: Operand): Tensor {
      checkOperand(`${op}_`, 'other', other);
      backend.runInPlace(op, [this, other], noAttrs);
      return this;
    };
  }
  for (const name of unaryByCopy) {
    made[`${name}_`] = function (this: Tensor): Tensor {
      writeInto(`${name}_`, this, (x) => unary[name](x));
      return this;
    };
  }
  for (const name of binaryByCopy) {
    made[`${name}_`] = function (this: Tensor, other: Tensor): Tensor {
      writeInto(`${name}_`, this, (x) => binary[name](x, other));
      return this;
    };
  }
  return made;
}

type Others = Omit<ElementwiseMethods, Listed>;

const others: { [Name in keyof Others]: unknown } & ThisType<Tensor> = {
  addcdiv(a: Tensor, b: Tensor, options?: arithmetic.ProductOptions) {
    return arithmetic.addcdiv(this, a, b, options);
  },
  addcmul(a: Tensor, b: Tensor, options?: arithmetic.ProductOptions) {
    return arithmetic.addcmul(this, a, b, options);
  },
  clampMax(max: number | Tensor) {
    return clampMax(this, max);
  },
  clampMin(min: number | Tensor) {
    return clampMin(this, min);
  },
  frexp() {
    return parts.frexp(this);
  },
  hardshrink(options?: activation.ShrinkOptions) {
    return activation.hardshrink(this, options);
  },
  heaviside(values: Tensor) {
    return arithmetic.heaviside(this, values);
  },
  isclose(other: Tensor, options?: logic.CloseOptions) {
    return logic.isclose(this, other, options);
  },
  isContiguous() {
    let step = 1;
    const { shape, strides } = this;
    if (shape.includes(0)) return true;
    for (let d = shape.length - 1; d >= 0; d--) {
      if (shape[d] === 1) continue;
      if (strides[d] !== step) return false;
      step *= shape[d]!;
    }
    return true;
  },
  lerp(end: Tensor, weight: Tensor | number) {
    return arithmetic.lerp(this, end, weight);
  },
  logit(options?: math.LogitOptions) {
    return math.logit(this, options);
  },
  mvlgamma(p: number) {
    return math.mvlgamma(this, p);
  },
  nanToNum(options?: parts.NanToNumOptions) {
    return parts.nanToNum(this, options);
  },
  polygamma(n: number) {
    return math.polygamma(n, this);
  },
  prelu(weight: Tensor) {
    return activation.prelu(this, weight);
  },
  typeAs(other: Tensor) {
    return typeAs(this, other);
  },

  addcdiv_(a: Tensor, b: Tensor, options?: arithmetic.ProductOptions) {
    const attrs = arithmetic.productValue('addcdiv_', this, a, b, options);
    runCompositeInPlace('addcdiv', this, [a, b], attrs);
    return this;
  },
  addcmul_(a: Tensor, b: Tensor, options?: arithmetic.ProductOptions) {
    runCompositeInPlace('addcmul', this, [a, b], arithmetic.productValue('addcmul_', this, a, b, options));
    return this;
  },
  clampMax_(max: number | Tensor) {
    checkBounds('clampMax_', { max });
    const attrs = clampAttrs('clampMax_', this, { max });
    if (attrs !== null) backend.runInPlace('clamp', [this], attrs);
    else runCompositeInPlace('clampMax', this, [max], noAttrs);
    return this;
  },
  clampMin_(min: number | Tensor) {
    checkBounds('clampMin_', { min });
    const attrs = clampAttrs('clampMin_', this, { min });
    if (attrs !== null) backend.runInPlace('clamp', [this], attrs);
    else runCompositeInPlace('clampMin', this, [min], noAttrs);
    return this;
  },
  heaviside_(values: Tensor) {
    checkTensor('heaviside_', 'values', values);
    runCompositeInPlace('heaviside', this, [values], noAttrs);
    return this;
  },
  lerp_(end: Tensor, weight: Tensor | number) {
    const [, ...rest] = arithmetic.lerpInputs('lerp_', this, end, weight);
    runCompositeInPlace('lerp', this, rest, noAttrs);
    return this;
  },
  logit_(options?: math.LogitOptions) {
    writeInto('logit_', this, (x) => math.logit(x, options));
    return this;
  },
  mvlgamma_(p: number) {
    writeInto('mvlgamma_', this, (x) => math.mvlgamma(x, p));
    return this;
  },
  nanToNum_(options: parts.NanToNumOptions = {}) {
    const { nan, attrs } = parts.replacements('nanToNum_', this, options);
    if (isFloat(this.dtype)) runCompositeInPlace('nanToNum', this, [nan], attrs);
    return this;
  },
  polygamma_(n: number) {
    writeInto('polygamma_', this, (x) => math.polygamma(n, x));
    return this;
  },
};

export const elementwiseMethods = { ...listedMethods(), ...others };
