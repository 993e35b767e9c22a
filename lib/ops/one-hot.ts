import { backend } from '../backend/current.js';
import { refuseRecorded } from '../backend/recording.js';
import { checkInt, checkOptions, checkTensor } from '../check.js';
import { DTypeError, IndexError, ValueError } from '../errors.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { expand, unsqueeze } from './view.js';

export interface OneHotOptions {
  /** Default: the largest class and one. */
  numClasses?: number;
}

/**
 * For each class a row of zeros with a 1 in its place.
 *
 * index (int64 or int32): [...]; gives [..., numClasses], int64.
 * @throws IndexError for a class that is negative or not below numClasses.
 * @throws ValueError if numClasses is below 1, or missing where there is no element.
 * @example
 * import { F, tensor } from 'lanegrad';
 * F.oneHot(tensor([0, 2])).tolist(); // => [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(index: Tensor, options: OneHotOptions = {}): Tensor<'int64'> {
  checkTensor('oneHot', 'index', index);
  checkOptions('oneHot', options);
  const { numClasses } = options;
  if (index.dtype !== 'int64' && index.dtype !== 'int32')
    throw new DTypeError(`[oneHot] index: got ${index.dtype}, wanted int64 or int32`);
  if (numClasses !== undefined) checkInt('oneHot', 'numClasses', numClasses);
  const count = numClasses === undefined || numClasses === -1 ? classesOf(index) : numClasses;
  if (count < 1) throw new ValueError(`[oneHot] numClasses: got ${count}, wanted at least 1`);
  return scoped(() => {
    const whole = { dtype: 'int64' as const };
    const zeros = backend.run1('full', [], { shape: [...index.shape, count], value: 0, ...whole });
    const one = backend.run1('full', [], { shape: [], value: 1, ...whole });
    const places = unsqueeze(index, -1);
    return backend.run1('scatter', [zeros, places, expand(one, places.shape)], { dim: -1 });
  }) as Tensor<'int64'>;
}

function classesOf(index: Tensor): number {
  refuseRecorded(
    'the number of classes is read from the index while a compiled function is recorded; a replay would not read it again',
    'give numClasses',
    'oneHot',
  );
  if (index.numel() === 0)
    throw new ValueError('[oneHot] numClasses: got none for an index without elements, wanted a number');
  return scoped(() => {
    const [low, high] = [index.amin(), index.amax()].map((x) => Number(x.item())) as [number, number];
    if (low < 0) throw new IndexError(`[oneHot] index: got the class ${low}, wanted none below 0`);
    return high + 1;
  });
}
