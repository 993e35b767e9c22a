import { backend } from '../../backend/current.js';
import { checkTensor, checkTensors, noAttrs, shapeText } from '../../check.js';
import { ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { cat } from '../../ops/join.js';
import { narrow, reshape } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

/**
 * All parameters as one vector, in order. Gradients flow to them.
 *
 * parameters: any shapes; gives [number of elements of all].
 * @throws ValueError for no parameters.
 * @example
 * import { nn } from 'lanegrad';
 * const layer = new nn.Linear(3, 2);
 * nn.utils.parametersToVector(layer.parameters()).shape; // => [8]
 */
export function parametersToVector(parameters: readonly Tensor[]): Tensor {
  checkTensors('parametersToVector', 'parameters', parameters);
  if (parameters.length === 0) throw new ValueError('[parametersToVector] got no parameters');
  return scoped(() => cat(parameters.map((parameter) => reshape(parameter, [-1]))));
}

/**
 * Copies the parts of a vector into parameters, in order.
 *
 * vector: [number of elements of all].
 * @throws ShapeError for a vector of another length.
 * @throws DTypeError for what is no tensor.
 * @example
 * import { arange, nn } from 'lanegrad';
 * const layer = new nn.Linear(1, 2);
 * nn.utils.vectorToParameters(arange(4, { dtype: 'float32' }), layer.parameters());
 * layer.bias?.tolist(); // => [2, 3]
 */
export function vectorToParameters(vector: Tensor, parameters: readonly Tensor[]): void {
  checkTensor('vectorToParameters', 'vector', vector);
  checkTensors('vectorToParameters', 'parameters', parameters);
  const wanted = parameters.reduce((sum, parameter) => sum + parameter.numel(), 0);
  if (vector.ndim !== 1 || vector.numel() !== wanted) {
    throw new ShapeError(
      `[vectorToParameters] vector is ${shapeText(vector.shape)}, wanted [${wanted}], as the parameters have elements`,
    );
  }
  noGrad(() =>
    scoped(() => {
      let at = 0;
      for (const parameter of parameters) {
        const part = reshape(narrow(vector, 0, at, parameter.numel()), parameter.shape);
        backend.runInPlace('copy', [parameter, part], noAttrs);
        at += parameter.numel();
      }
    }),
  );
}
