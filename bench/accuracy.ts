// npm run bench:accuracy: the largest errors of the float32 functions, in units in the last place (ULP) of the exact result,
// over every STEP-th float32 of a range (default 257). The reference is the same function in float64,
// good to a few units of 1e-16 (docs/accuracy.md). LANEGRAD_ISA forces a CPU level.
import { backend } from '../lib/backend/current.js';
import * as lg from '../lib/index.js';
import type { Tensor } from '../lib/index.js';

type Function1 = (x: Tensor) => Tensor;

const { special } = lg;
const everywhere = [-Infinity, Infinity] as const;
const positive = [0, Infinity] as const;

/** Functions, and where they are measured. */
const measured: Readonly<Record<string, readonly [Function1, readonly [number, number]]>> = {
  exp: [lg.exp, everywhere],
  exp2: [lg.exp2, everywhere],
  expm1: [lg.expm1, everywhere],
  log: [lg.log, positive],
  log2: [lg.log2, positive],
  log10: [lg.log10, positive],
  log1p: [lg.log1p, [-1, Infinity]],
  sqrt: [lg.sqrt, positive],
  rsqrt: [lg.rsqrt, positive],
  sin: [lg.sin, everywhere],
  cos: [lg.cos, everywhere],
  tan: [lg.tan, everywhere],
  asin: [lg.asin, [-1, 1]],
  acos: [lg.acos, [-1, 1]],
  atan: [lg.atan, everywhere],
  sinh: [lg.sinh, everywhere],
  cosh: [lg.cosh, everywhere],
  tanh: [lg.tanh, everywhere],
  asinh: [lg.asinh, everywhere],
  acosh: [lg.acosh, [1, Infinity]],
  atanh: [lg.atanh, [-1, 1]],
  sigmoid: [lg.sigmoid, everywhere],
  silu: [lg.silu, everywhere],
  erf: [lg.erf, everywhere],
  erfc: [lg.erfc, everywhere],
  erfinv: [lg.erfinv, [-1, 1]],
  sinc: [lg.sinc, everywhere],
  logit: [lg.logit, [0, 1]],
  lgamma: [lg.lgamma, everywhere],
  digamma: [lg.digamma, [0, Infinity]],
  'special.ndtr': [special.ndtr, everywhere],
  'special.logNdtr': [special.logNdtr, everywhere],
  'special.erfcx': [special.erfcx, everywhere],
  'F.softplus': [lg.F.softplus, everywhere],
  'F.logsigmoid': [lg.F.logsigmoid, everywhere],
  'F.elu': [lg.F.elu, everywhere],
  'F.selu': [lg.F.selu, everywhere],
  'F.mish': [lg.F.mish, everywhere],
  'F.softsign': [lg.F.softsign, everywhere],
};

// Lose relative accuracy where they cancel: measured against the largest term, not the result.
const cancelling: Readonly<Record<string, readonly [Function1, readonly [number, number]]>> = {
  gelu: [lg.gelu, [-8, 8]],
  'gelu, tanh': [(x) => lg.gelu(x, { approximate: 'tanh' }), [-8, 8]],
  'F.tanhshrink': [lg.F.tanhshrink, [-8, 8]],
};

const step = Number(process.env['STEP'] ?? 257);
const chunk = 1 << 20;

/** Every step-th float32 in [low, high], some at a time. */
function* floats(low: number, high: number): Generator<Float32Array> {
  const bits = new Int32Array(chunk);
  const values = new Float32Array(bits.buffer);
  let count = 0;
  for (let code = -0x80000000; code < 0x80000000; code += step) {
    bits[count] = code;
    const value = values[count]!;
    if (!(value >= low && value <= high) || !Number.isFinite(value)) continue;
    count += 1;
    if (count === chunk) {
      yield values;
      count = 0;
    }
  }
  if (count > 0) yield values.slice(0, count);
}

/** The distance of two neighbouring float32 at a number. */
function unit(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -126);
  return 2 ** (exponent - 23);
}

interface Worst {
  error: number;
  at: number;
}

function measure(fn: Function1, [low, high]: readonly [number, number], scale: 'result' | 'argument'): Worst {
  const worst = { error: 0, at: NaN };
  for (const values of floats(low, high)) {
    lg.tidy(() => {
      const x = backend.create('float32', [values.length], values);
      const got = fn(x).data as Float32Array;
      const want = fn(x.double()).data as Float64Array;
      for (let i = 0; i < values.length; ++i) {
        const exact = want[i]!;
        // Beyond the largest float32 infinity is right.
        if (got[i] === exact || Math.abs(exact) > 3.4028235677973366e38 || exact !== exact) continue;
        const size = scale === 'result' ? exact : Math.max(Math.abs(values[i]!), Math.abs(exact));
        const error = Math.abs(got[i]! - exact) / unit(size);
        if (!(error <= worst.error)) Object.assign(worst, { error, at: values[i]! });
      }
    });
  }
  return worst;
}

console.log(`${lg.info().isa}, every ${step}th float32\n`);
console.log('| function | largest error, ULP | at |\n|---|---|---|');
for (const [name, [fn, range]] of Object.entries(measured)) {
  const { error, at } = measure(fn, range, 'result');
  console.log(`| ${name} | ${error.toFixed(2)} | ${at} |`);
}
console.log('\n| function | largest error, ULP of the argument | at |\n|---|---|---|');
for (const [name, [fn, range]] of Object.entries(cancelling)) {
  const { error, at } = measure(fn, range, 'argument');
  console.log(`| ${name} | ${error.toFixed(2)} | ${at} |`);
}
