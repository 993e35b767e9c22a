import { clampMin } from '../ops/clamp.js';
import { backend } from '../backend/current.js';
import { checkInt, checkNumber, checkOptions, checkRange, checkTensor, noAttrs } from '../check.js';
import { isFloat } from '../dtype.js';
import type { DType, FloatDType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { add, div, mul } from '../ops/binary.js';
import { bernoulli, rand, randint, randn, trials } from '../ops/random.js';
import { multinomial } from '../ops/sampling.js';
import { ceil, cos, exp, floor, log, neg, sin } from '../ops/unary.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** Random numbers as methods. */
export interface RandomMethods {
  bernoulli(options?: { readonly p?: number }): Tensor;
  multinomial(numSamples: number, options?: { readonly replacement?: boolean }): Tensor<'int64'>;
}

/** Methods that fill the tensor with random numbers and return it. */
export interface RandomInPlaceMethods {
  /** Uniform in [from, to), default [0, 1). */
  uniform_(options?: { readonly from?: number; readonly to?: number }): this;
  /** Normal, of the given mean and standard deviation, default 0 and 1. */
  normal_(options?: { readonly mean?: number; readonly std?: number }): this;
  /** e to the power of a normal number of the given mean and standard deviation, default 1 and 2. */
  logNormal_(options?: { readonly mean?: number; readonly std?: number }): this;
  /** Of the density lambd e^(-lambd x), default 1. */
  exponential_(options?: { readonly lambd?: number }): this;
  /** Of the density sigma / (π (sigma² + (x - median)²)), default 0 and 1. */
  cauchy_(options?: { readonly median?: number; readonly sigma?: number }): this;
  /** How many trials of probability p it takes until one succeeds. */
  geometric_(p: number): this;
  /** Integers in [from, to); default from 0, to what the dtype holds exactly. */
  random_(options?: { readonly from?: number; readonly to?: number | null }): this;
  /** 1 with probability p, a number or a tensor that broadcasts to this one, else 0; default 0.5. */
  bernoulli_(options?: { readonly p?: number | Tensor }): this;
}

/** Writes what `draw` makes into x. */
function fill<T extends Tensor>(op: string, x: T, draw: (dtype: FloatDType) => Tensor): T {
  checkTensor(op, 'x', x);
  scoped(() => {
    const values = noGrad(() => draw(isFloat(x.dtype) ? x.dtype : 'float32'));
    backend.runInPlace('copy', [x, values], noAttrs);
  });
  return x;
}

function wantFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) throw new DTypeError(`[${op}] got a tensor of ${x.dtype}, wanted a float`);
}

function above(op: string, name: string, value: number, bound: number): void {
  checkNumber(op, name, value);
  if (!(value > bound)) throw new ValueError(`[${op}] ${name}: got ${value}, wanted more than ${bound}`);
}

/** log(1 - u) for uniform u: finite, since u is below 1. In float32 where x has 16 bits, whose u would round to 1. */
function logUniform(x: Tensor): Tensor {
  return log(add(neg(rand(x.shape, { dtype: x.dtype === 'float64' ? 'float64' : 'float32' })), 1));
}

/** One more than the largest integer that random_() draws. */
const exactIntegers: Readonly<Record<DType, number>> = {
  bool: 2,
  uint8: 2 ** 8,
  int8: 2 ** 7,
  int16: 2 ** 15,
  int32: 2 ** 31,
  int64: 2 ** 63,
  float16: 2 ** 11 + 1,
  bfloat16: 2 ** 8 + 1,
  float32: 2 ** 24 + 1,
  float64: 2 ** 53,
};

function integers(x: Tensor, from: number, to: number): Tensor {
  if (to - from <= 2 ** 32) return randint(from, to, x.shape);
  // 53 bits are spread over a range that is larger.
  return add(floor(mul(rand(x.shape, { dtype: 'float64' }), to - from)), from);
}

export const randomMethods: RandomMethods & ThisType<Tensor> = {
  bernoulli(options) {
    return bernoulli(this, options);
  },
  multinomial(numSamples, options) {
    return multinomial(this, numSamples, options);
  },
};

export const randomInPlaceMethods: Record<keyof RandomInPlaceMethods, unknown> = {
  uniform_<T extends Tensor>(this: T, options: { from?: number; to?: number } = {}): T {
    wantFloat('uniform_', this);
    checkOptions('uniform_', options);
    const { from = 0, to = 1 } = options;
    checkNumber('uniform_', 'from', from);
    checkNumber('uniform_', 'to', to);
    if (!(from <= to)) throw new ValueError(`[uniform_] to: got ${to}, wanted at least from, ${from}`);
    return fill('uniform_', this, (dtype) => add(mul(rand(this.shape, { dtype }), to - from), from));
  },
  normal_<T extends Tensor>(this: T, options: { mean?: number; std?: number } = {}): T {
    wantFloat('normal_', this);
    checkOptions('normal_', options);
    const { mean = 0, std = 1 } = options;
    checkNumber('normal_', 'mean', mean);
    checkRange('normal_', 'std', std, 0, Infinity);
    return fill('normal_', this, (dtype) => add(mul(randn(this.shape, { dtype }), std), mean));
  },
  logNormal_<T extends Tensor>(this: T, options: { mean?: number; std?: number } = {}): T {
    wantFloat('logNormal_', this);
    checkOptions('logNormal_', options);
    const { mean = 1, std = 2 } = options;
    checkNumber('logNormal_', 'mean', mean);
    above('logNormal_', 'std', std, 0);
    return fill('logNormal_', this, (dtype) => exp(add(mul(randn(this.shape, { dtype }), std), mean)));
  },
  exponential_<T extends Tensor>(this: T, options: { lambd?: number } = {}): T {
    wantFloat('exponential_', this);
    checkOptions('exponential_', options);
    const { lambd = 1 } = options;
    above('exponential_', 'lambd', lambd, 0);
    return fill('exponential_', this, () => div(neg(logUniform(this)), lambd));
  },
  cauchy_<T extends Tensor>(this: T, options: { median?: number; sigma?: number } = {}): T {
    wantFloat('cauchy_', this);
    checkOptions('cauchy_', options);
    const { median = 0, sigma = 1 } = options;
    checkNumber('cauchy_', 'median', median);
    above('cauchy_', 'sigma', sigma, 0);
    return fill('cauchy_', this, () => {
      const dtype = this.dtype === 'float64' ? 'float64' : 'float32';
      const angle = mul(add(rand(this.shape, { dtype }), -0.5), Math.PI);
      return add(mul(div(sin(angle), cos(angle)), sigma), median);
    });
  },
  geometric_<T extends Tensor>(this: T, p: number): T {
    above('geometric_', 'p', p, 0);
    if (!(p < 1)) throw new ValueError(`[geometric_] p: got ${p}, wanted less than 1`);
    return fill('geometric_', this, () => clampMin(ceil(div(logUniform(this), Math.log1p(-p))), 1));
  },
  random_<T extends Tensor>(this: T, options: { from?: number; to?: number | null } = {}): T {
    checkOptions('random_', options);
    const { from = 0 } = options;
    const to = options.to ?? exactIntegers[this.dtype];
    checkInt('random_', 'from', from);
    if (options.to != null) checkInt('random_', 'to', to);
    if (!(from < to)) throw new ValueError(`[random_] to: got ${to}, wanted more than from, ${from}`);
    return fill('random_', this, () => integers(this, from, to));
  },
  bernoulli_<T extends Tensor>(this: T, options: { p?: number | Tensor } = {}): T {
    checkOptions('bernoulli_', options);
    const { p = 0.5 } = options;
    if (typeof p === 'number') checkRange('bernoulli_', 'p', p, 0, 1);
    else checkTensor('bernoulli_', 'p', p);
    return fill('bernoulli_', this, () => trials('bernoulli_', this.shape, p));
  },
};
