import type { Tensor } from '../../../lib/index.js';
import { call, type Row, type Rows } from '../call.js';

const l = (signature: string, extra: Partial<Row> = {}): Row => call(signature, { method: null, ...extra });

const transposed = (x: Tensor): Tensor => x.transpose(-2, -1);

export const linalg: Rows = {
  'linalg.multi_dot': l('tensors'),
  'linalg.vecdot': l('x y'),
  'linalg.cross': l('self other'),
  'linalg.norm': l('self | ord dim keepdim'),
  'linalg.vector_norm': l('self | ord dim keepdim'),
  'linalg.matrix_norm': l('self | ord dim keepdim'),
  'linalg.inv': l('A'),
  'linalg.det': l('A'),
  'linalg.slogdet': l('A'),
  logdet: call('self'),
  'linalg.solve': l('A B'),
  'linalg.solve_triangular': l('A B'),
  'linalg.lstsq': l('A B | rcond'),
  'linalg.lstsq/grad_oriented': l('A B | driver', {
    run: (a, fn) => {
      const { solution, residuals } = fn(...a.all()) as Readonly<Record<string, unknown>>;
      return [solution, residuals];
    },
  }),
  'linalg.cholesky': l('self'),
  cholesky_solve: call('self input2 | upper'),
  cholesky_inverse: call('self | upper'),
  'linalg.qr': l('A | mode'),
  'linalg.svd': l('A | full_matrices'),
  'linalg.svdvals': l('A'),
  'linalg.eigh': l('A | UPLO'),
  'linalg.eigvalsh': l('A | UPLO'),
  'linalg.eig': l('A'),
  'linalg.eigvals': l('A'),
  'linalg.lu': l('A'),
  'linalg.lu_factor': l('A'),
  'linalg.lu_solve': l('LU pivots B'),
  'linalg.pinv': l('A | rcond hermitian'),
  'linalg.pinv/singular': l('a b', {
    run: (a, fn) => fn(a.tensor('a').matmul(transposed(a.tensor('b')))),
  }),
  'linalg.matrix_rank': l('A | tol hermitian'),
  'linalg.matrix_power': l('A n'),
  matrix_exp: l('A', { at: 'linalg.matrixExp' }),
  'linalg.cond': l('A | p'),
  'linalg.householder_product': l('A tau'),
  'linalg.tensorsolve': l('A B | dims'),
  'linalg.tensorinv': l('A | ind'),
  'linalg.ldl_factor': l('A'),

  // What does not depend on the choice of signs and bases that the factors leave open.
  'linalg.svd:invariant': l('A', {
    run: (a, fn) => {
      const { U, S, Vh } = fn(a.value('A'), { fullMatrices: false }) as Readonly<
        Record<'U' | 'S' | 'Vh', Tensor>
      >;
      return U.mul(S.sin().unsqueeze(-2)).matmul(Vh);
    },
  }),
  'linalg.eigh:invariant': l('A', {
    run: (a, fn) => {
      const { eigenvalues, eigenvectors } = fn(a.value('A')) as Readonly<Record<string, Tensor>>;
      return eigenvectors!.mul(eigenvalues!.cos().unsqueeze(-2)).matmul(transposed(eigenvectors!));
    },
  }),
  'linalg.qr:invariant': l('A', {
    run: (a, fn) => {
      const { Q, R } = fn(a.value('A')) as Readonly<Record<'Q' | 'R', Tensor>>;
      return [Q.matmul(transposed(Q)).narrow(-1, 0, 1), R.abs()];
    },
  }),
};
