import { call, type Rows } from '../call.js';

const product = call('self batch1 batch2 | beta alpha');

export const matmul: Rows = {
  matmul: call('self other'),
  mm: call('self mat2'),
  bmm: call('self mat2'),
  mv: call('self vec'),
  dot: call('self tensor'),
  vdot: call('self other'),
  inner: call('self other'),
  outer: call('self vec2'),
  addmm: product,
  addmv: product,
  addbmm: product,
  baddbmm: product,
  addr: product,
  einsum: call('equation operands'),
  tensordot: call('a b | dims'),
  kron: call('self other'),
  cross: call('self other | dim'),
  cdist: call('x1 x2 | p compute_mode'),
  'nn.functional.linear': call('input weight bias'),
  'nn.functional.bilinear': call('input1 input2 weight bias'),
};
