import { call, type Rows } from '../call.js';

const unary = call('self');
const binary = call('self &other');
const scalars = call('&self &other');

const of = <T>(row: T, names: string): Record<string, T> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, row]));

export const elementwise: Rows = {
  ...of(
    unary,
    `abs neg positive sign sgn signbit exp exp2 expm1 log log2 log10 log1p sqrt rsqrt square reciprocal sin cos tan asin acos
    atan sinh cosh tanh asinh acosh atanh floor ceil trunc frac frexp sinc deg2rad rad2deg erf erfc erfinv lgamma digamma isnan
    isinf isfinite isposinf isneginf isreal i0 special.ndtr special.ndtri special.log_ndtr special.entr special.i1
    special.erfcx special.bessel_j0 special.bessel_j1 logical_not bitwise_not`,
  ),
  round: call('self | decimals'),
  logit: call('self | eps'),
  nan_to_num: call('self | nan posinf neginf'),
  polygamma: call('n self'),
  mvlgamma: call('self p'),
  clamp: call('self | &min &max'),
  clamp_min: call('self &min'),
  clamp_max: call('self &max'),

  ...of(
    binary,
    `add sub rsub mul floor_divide true_divide remainder fmod maximum minimum fmax fmin atan2 hypot logaddexp logaddexp2
    copysign nextafter ldexp xlogy gcd lcm bitwise_and bitwise_or bitwise_xor igamma igammac eq ne lt le gt ge logical_and
    logical_or logical_xor`,
  ),
  // Either operand may be a number.
  ...of(scalars, 'bitwise_left_shift bitwise_right_shift special.zeta special.xlog1py'),
  div: call('self &other'),
  pow: call('&self &exponent'),
  float_power: call('&self &exponent'),
  heaviside: call('self values'),
  lerp: call('self end weight'),
  addcmul: call('self tensor1 tensor2'),
  addcdiv: call('self tensor1 tensor2'),
  where: call('condition &self &other'),
  isin: call('&elements &test_elements'),
  isclose: call('self other | rtol atol equal_nan'),
  allclose: call('self other | rtol atol equal_nan'),
  equal: call('self other'),
};
