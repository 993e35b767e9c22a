import type { Tensor } from '../../../lib/index.js';
import { call, type Rows } from '../call.js';

const transposed = (x: Tensor): Tensor => x.transpose(-2, -1);

export const linalg: Rows = {
  'linalg.multi_dot': call('tensors'),
  'linalg.vecdot': call('x y'),
  'linalg.cross': call('self other'),
  'linalg.norm': call('self | ord dim keepdim'),
  'linalg.vector_norm': call('self | ord dim keepdim'),
  'linalg.matrix_norm': call('self | ord dim keepdim'),
  'linalg.inv': call('A'),
  'linalg.det': call('A'),
  'linalg.slogdet': call('A'),
  logdet: call('self'),
  'linalg.solve': call('A B'),
  'linalg.solve_triangular': call('A B'),
  'linalg.lstsq': call('A B | rcond'),
  'linalg.lstsq/grad_oriented': call('A B | driver', {
    run: (a, fn) => {
      const { solution, residuals } = fn(...a.all()) as Readonly<Record<string, unknown>>;
      return [solution, residuals];
    },
  }),
  'linalg.cholesky': call('self'),
  cholesky_solve: call('self input2 | upper'),
  cholesky_inverse: call('self | upper'),
  'linalg.qr': call('A | mode'),
  'linalg.svd': call('A | full_matrices'),
  'linalg.svdvals': call('A'),
  'linalg.eigh': call('A | UPLO'),
  'linalg.eigvalsh': call('A | UPLO'),
  'linalg.eig': call('A'),
  'linalg.eigvals': call('A'),
  'linalg.lu': call('A'),
  'linalg.lu_factor': call('A'),
  'linalg.lu_solve': call('LU pivots B'),
  'linalg.pinv': call('A | rcond hermitian'),
  'linalg.pinv/singular': call('a b', {
    run: (a, fn) => fn(a.tensor('a').matmul(transposed(a.tensor('b')))),
  }),
  'linalg.matrix_rank': call('A | tol hermitian'),
  'linalg.matrix_power': call('A n'),
  matrix_exp: call('A', { at: 'linalg.matrixExp' }),
  'linalg.cond': call('A | p'),
  'linalg.householder_product': call('A tau'),
  'linalg.tensorsolve': call('A B | dims'),
  'linalg.tensorinv': call('A | ind'),
  'linalg.ldl_factor': call('A'),

  // What does not depend on the choice of signs and bases that the factors leave open.
  'linalg.svd:invariant': call('A', {
    run: (a, fn) => {
      const { U, S, Vh } = fn(a.value('A'), { fullMatrices: false }) as Readonly<
        Record<'U' | 'S' | 'Vh', Tensor>
      >;
      return U.mul(S.sin().unsqueeze(-2)).matmul(Vh);
    },
  }),
  'linalg.eigh:invariant': call('A', {
    run: (a, fn) => {
      const { eigenvalues, eigenvectors } = fn(a.value('A')) as Readonly<Record<string, Tensor>>;
      return eigenvectors!.mul(eigenvalues!.cos().unsqueeze(-2)).matmul(transposed(eigenvectors!));
    },
  }),
  'linalg.qr:invariant': call('A', {
    run: (a, fn) => {
      const { Q, R } = fn(a.value('A')) as Readonly<Record<'Q' | 'R', Tensor>>;
      return [Q.matmul(transposed(Q)).narrow(-1, 0, 1), R.abs()];
    },
  }),
};
