// The functions of the namespace `linalg`.
export { eigh, eigvalsh, qr, svd, svdvals } from './decompose.js';
export type {
  EighResult,
  QrOptions,
  QrResult,
  SvdOptions,
  SvdResult,
  SymmetricOptions,
} from './decompose.js';
export { det, slogdet } from './det.js';
export type { SlogdetResult } from './det.js';
export { cond, householderProduct, matrixExp, matrixPower, tensorinv, tensorsolve } from './functions.js';
export type { CondOptions, TensorinvOptions, TensorsolveOptions } from './functions.js';
export { lu, luFactor, luSolve } from './lu.js';
export type { LuFactorResult, LuOptions, LuResult, LuSolveOptions } from './lu.js';
export { matrixNorm, norm } from './norm.js';
export type { MatrixNormOptions, MatrixOrd, NormOptions } from './norm.js';
export { lstsq, matrixRank, pinv } from './pinv.js';
export type { LstsqOptions, LstsqResult, MatrixRankOptions, RankOptions } from './pinv.js';
export { cross, multiDot, vecdot } from './products.js';
export type { VectorDimOptions } from './products.js';
export { cholesky, inv, solve, solveTriangular } from './solve.js';
export type { SolveOptions, SolveTriangularOptions, TriangleOptions } from './solve.js';
export { vectorNorm } from './vector-norm.js';
export type { VectorNormOptions } from './vector-norm.js';
