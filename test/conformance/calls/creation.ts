import { call, type Arguments, type Rows } from '../call.js';

/** The dtype that a Python number gives where none is named: a float is one even if it is whole. */
const natural = (a: Arguments, ...names: readonly string[]): { dtype?: string } =>
  !a.has('dtype') && names.some((name) => a.raw(name)?.t === 'float') ? { dtype: 'float32' } : {};

const window = call('M');

export const creation: Rows = {
  zeros: call('size'),
  ones: call('size'),
  empty: call('size'),
  full: call('size fill_value', { run: (a, fn) => fn(...a.all(0, natural(a, 'fill_value'))) }),
  scalar_tensor: call('s'),
  zeros_like: call('self'),
  ones_like: call('self'),
  empty_like: call('self'),
  full_like: call('self fill_value'),
  new_zeros: call('self size'),
  new_ones: call('self size'),
  new_empty: call('self size'),
  new_full: call('self size fill_value'),
  arange: call('start end | step', {
    run: (a, fn) => {
      const step = a.has('step') ? { step: Number(a.value('step')) } : {};
      const more = { ...natural(a, 'start', 'end', 'step'), ...step };
      // In Python a bool is a number.
      const number = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);
      return fn(
        ...a
          .all(0, more)
          .filter((value) => value !== undefined)
          .map(number),
      );
    },
  }),
  linspace: call('start end steps'),
  logspace: call('start end steps | base'),
  eye: call('n | m', { rename: { m: 'columns' } }),
  meshgrid: call('tensors'),
  'meshgrid/variadic_tensors': call('...tensors'),
  tril_indices: call('row col | offset'),
  triu_indices: call('row col | offset'),
  block_diag: call('...tensors'),
  cartesian_prod: call('...tensors'),
  combinations: call('self | r with_replacement'),
  // torch.vander falls from left to right, torch.linalg.vander rises.
  'linalg.vander': call('x | N', {
    at: 'vander',
    run: (a, fn) => fn(a.value('x'), { ...a.options(), increasing: true }),
  }),
  'nn.functional.one_hot': call('input | num_classes'),
  'nn.functional.affine_grid': call('theta size | align_corners'),
  'signal.windows.hann': window,
  'signal.windows.hamming': window,
  'signal.windows.blackman': window,
  'signal.windows.bartlett': window,
  'signal.windows.kaiser': window,
  'signal.windows.gaussian': window,
};
