import { DTypeError, ValueError } from '../../../errors.js';
import { isFloat, type DType } from '../../../dtype.js';
import { fail, fresh, type RefTensor } from '../array.js';
import { castNumber } from '../cast.js';
import { Philox, multiplyHigh } from '../philox.js';
import { checkSizes } from '../shape.js';
import type { ReferenceOp } from './op.js';

// Sets every element of a fresh row-major output.
function fill(out: RefTensor, value: (i: number) => number): void {
  const n = out.numel;
  const data = out.data;
  if (data instanceof BigInt64Array)
    for (let i = 0; i < n; i++) data[i] = castNumber(value(i), 'int64') as bigint;
  else for (let i = 0; i < n; i++) data[i] = castNumber(value(i), out.dtype) as number;
}

function checkLength(op: string, name: string, value: number): void {
  if (value < 0) fail(ValueError, op, `attribute ${name} must not be negative, got ${value}`);
}

export const full: ReferenceOp<'full'> = {
  infer(_, { shape, dtype }) {
    checkSizes('full', shape);
    return [fresh(dtype, shape.slice())];
  },
  forward(_, [out], { value, dtype }) {
    const element = castNumber(value, dtype);
    if (element !== 0 || Object.is(element, -0)) (out!.data as Float64Array).fill(element as number);
  },
};

export const arange: ReferenceOp<'arange'> = {
  infer(_, { length, dtype }) {
    checkLength('arange', 'length', length);
    return [fresh(dtype, [length])];
  },
  forward: (_, [out], { start, step }) => fill(out!, (i) => start + i * step),
};

export const linspace: ReferenceOp<'linspace'> = {
  infer(_, { steps, dtype }) {
    checkLength('linspace', 'steps', steps);
    return [fresh(dtype, [steps])];
  },
  // From both ends, so that the result is symmetric and hits the end exactly.
  forward(_, [out], { start, end, steps }) {
    const step = steps > 1 ? (end - start) / (steps - 1) : 0;
    fill(out!, (i) => (i < steps / 2 ? start + step * i : end - step * (steps - 1 - i)));
  },
};

export const eye: ReferenceOp<'eye'> = {
  infer(_, { rows, columns, dtype }) {
    checkLength('eye', 'rows', rows);
    checkLength('eye', 'columns', columns);
    return [fresh(dtype, [rows, columns])];
  },
  forward(_, [out], { rows, columns, dtype }) {
    const one = castNumber(1, dtype) as number;
    const data = out!.numbers;
    for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = one;
  },
};

// Random numbers: element i is a pure function of (seed, offset, i).

export function wantCounter(op: string, counter: RefTensor): void {
  if (counter.dtype !== 'int64') fail(DTypeError, op, `input counter wants int64, got ${counter.dtype}`);
  if (counter.rank !== 1 || counter.shape[0] !== 2) {
    fail(ValueError, op, `input counter wants shape [2] (seed, offset), got [${counter.shape.join(', ')}]`);
  }
}

export function philoxOf(counter: RefTensor): Philox {
  const data = counter.data as BigInt64Array;
  return new Philox(data[counter.offset]!, data[counter.offset + counter.strides[0]!]!);
}

function wantFloatAttr(op: string, dtype: DType): void {
  if (!isFloat(dtype)) fail(DTypeError, op, `attribute dtype wants a floating dtype, got ${dtype}`);
}

/** 53 random bits in [0, 1) from two words. */
export function fromTwoWords(high: number, low: number): number {
  return (high * 2097152 + (low >>> 11)) * 2 ** -53;
}

export const nextCounter: ReferenceOp<'nextCounter'> = {
  infer([generator], { count }) {
    wantCounter('nextCounter', generator!);
    checkLength('nextCounter', 'count', count);
    return [fresh('int64', [2])];
  },
  forward([generator], [out], { count }) {
    const data = generator!.data as BigInt64Array;
    const at = generator!.offset + generator!.strides[0]!;
    const to = out!.data as BigInt64Array;
    to[0] = data[generator!.offset]!;
    to[1] = data[at]!;
    data[at] = data[at]! + BigInt(count);
  },
};

export const uniform: ReferenceOp<'uniform'> = {
  infer([counter], { shape, dtype }) {
    wantCounter('uniform', counter!);
    wantFloatAttr('uniform', dtype);
    checkSizes('uniform', shape);
    return [fresh(dtype, shape.slice())];
  },
  forward([counter], [out], { dtype }) {
    const philox = philoxOf(counter!);
    const data = out!.numbers;
    const n = out!.numel;
    if (dtype !== 'float64') {
      for (let i = 0; i < n; i += 4) {
        const words = philox.block(i >> 2);
        for (let j = 0; j < 4 && i + j < n; j++) data[i + j] = (words[j]! >>> 8) * 2 ** -24;
      }
    } else {
      for (let i = 0; i < n; i += 2) {
        const words = philox.block(i >> 1);
        data[i] = fromTwoWords(words[0]!, words[1]!);
        if (i + 1 < n) data[i + 1] = fromTwoWords(words[2]!, words[3]!);
      }
    }
  },
};

export const normal: ReferenceOp<'normal'> = {
  infer([counter], { shape, dtype }) {
    wantCounter('normal', counter!);
    wantFloatAttr('normal', dtype);
    checkSizes('normal', shape);
    return [fresh(dtype, shape.slice())];
  },
  // Box-Muller: each pair of uniforms gives a pair of normals.
  forward([counter], [out], { dtype }) {
    const philox = philoxOf(counter!);
    const data = out!.numbers;
    const n = out!.numel;
    const pair = (i: number, first: number, second: number): void => {
      const radius = Math.sqrt(-2 * Math.log(1 - first));
      const angle = 2 * Math.PI * second;
      data[i] = radius * Math.cos(angle);
      if (i + 1 < n) data[i + 1] = radius * Math.sin(angle);
    };
    if (dtype !== 'float64') {
      for (let i = 0; i < n; i += 4) {
        const words = philox.block(i >> 2);
        const unit = (j: number): number => (words[j]! >>> 8) * 2 ** -24;
        pair(i, unit(0), unit(1));
        if (i + 2 < n) pair(i + 2, unit(2), unit(3));
      }
    } else {
      for (let i = 0; i < n; i += 2) {
        const words = philox.block(i >> 1);
        pair(i, fromTwoWords(words[0]!, words[1]!), fromTwoWords(words[2]!, words[3]!));
      }
    }
  },
};

export const randint: ReferenceOp<'randint'> = {
  infer([counter], { shape, low, high, dtype }) {
    wantCounter('randint', counter!);
    if (dtype === 'bool') fail(DTypeError, 'randint', 'attribute dtype wants a number dtype, got bool');
    if (high <= low)
      fail(ValueError, 'randint', `high must be greater than low, got low ${low}, high ${high}`);
    if (high - low > 2 ** 32) {
      fail(ValueError, 'randint', `high - low must be at most 2^32, got ${high - low}`);
    }
    checkSizes('randint', shape);
    return [fresh(dtype, shape.slice())];
  },
  forward([counter], [out], { low, high }) {
    const philox = philoxOf(counter!);
    const range = high - low;
    const n = out!.numel;
    const data = out!.data;
    for (let i = 0; i < n; i += 4) {
      const words = philox.block(i >> 2);
      for (let j = 0; j < 4 && i + j < n; j++) {
        const word = words[j]!;
        const value = low + (range === 2 ** 32 ? word : multiplyHigh(word, range) >>> 0);
        if (data instanceof BigInt64Array) data[i + j] = BigInt(value);
        else data[i + j] = value;
      }
    }
  },
};
