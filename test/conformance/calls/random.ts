import { call, type Row, type Rows } from '../call.js';

/** The in-place method on a copy. */
const fill = (name: string, signature: string): Row =>
  call(signature, {
    at: `.${name}`,
    run: (a, fn) => fn(a.tensor('self').clone(), ...a.all(1)),
  });

export const random: Rows = {
  rand: call('size'),
  randn: call('size'),
  rand_like: call('self'),
  randn_like: call('self'),
  randint: call('low high size', {
    // PyTorch's (high, size) is (0, high, size) here.
    run: (a, fn) =>
      a.raw('high')?.t === 'int' || a.raw('high') === undefined
        ? fn(...a.all())
        : fn(0, a.value('low'), a.value('high'), ...(a.options() ? [a.options()] : [])),
  }),
  randint_like: call('self low high', {
    // PyTorch's (self, high) is (self, 0, high) here.
    run: (a, fn) =>
      a.raw('high')?.t === 'int'
        ? fn(...a.all())
        : fn(a.value('self'), 0, a.value('low'), ...(a.options() ? [a.options()] : [])),
  }),
  randperm: call('n'),
  normal: call('mean std size'),
  'normal/in_place': fill('normal_', 'self | mean std'),
  uniform: fill('uniform_', 'self | from to'),
  exponential: fill('exponential_', 'self | lambd'),
  cauchy: fill('cauchy_', 'self | median sigma'),
  geometric: fill('geometric_', 'self p'),
  log_normal: fill('logNormal_', 'self | mean std'),
  bernoulli: call('self | p'),
  multinomial: call('self num_samples | replacement'),
  poisson: call('self'),
};
