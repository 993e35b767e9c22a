import { expect, test } from 'vitest';
import { ones, typeAs, zeros } from '../../lib/index.js';

test('typeAs takes the dtype of another tensor, and gives the tensor itself where it has it', () => {
  const x = ones([2]);
  expect(typeAs(x, zeros([3], { dtype: 'int16' })).dtype).toBe('int16');
  expect(typeAs(x, zeros([3]))).toBe(x);
});
