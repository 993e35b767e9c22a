import { add, eye, matmul, tensor, transpose, type DType, type Tensor } from '../../lib/index.js';
import { randomFrom } from '../cases/case.js';

/** Random elements in [-1, 1], the same in every run; `shift` is added to them. float64. */
export function noise(shape: readonly number[], shift = 0, dtype: DType = 'float64'): Tensor {
  const random = randomFrom(`${shape.join('x')}+${shift}`);
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: count }, () => 2 * random() - 1 + shift);
  return tensor(values, { dtype }).reshape(shape);
}

/** A square matrix, or several, far from singular. */
export function regular(shape: readonly number[], dtype: DType = 'float64'): Tensor {
  const n = shape.at(-1)!;
  return add(noise(shape, 0, dtype), eye(n, { dtype }).mul(n / 2 + 1));
}

/** A symmetric positive definite matrix, or several. */
export function definite(shape: readonly number[], dtype: DType = 'float64'): Tensor {
  const a = noise(shape, 0, dtype);
  return add(matmul(a, transpose(a, -1, -2)), eye(shape.at(-1)!, { dtype }));
}
