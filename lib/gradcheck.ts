import { Handle } from './backend/backend.js';
import { backend } from './backend/current.js';
import { grad } from './autograd.js';
import { checkOptions, checkRange, checkTensors, noAttrs, product, shapeText } from './check.js';
import { isFloat } from './dtype.js';
import { AutogradError, DTypeError, ValueError } from './errors.js';
import { withSeed } from './generator.js';
import { enableGrad, noGrad } from './grad-mode.js';
import { randn } from './ops/random.js';
import { checkFunction, scoped, synchronous } from './scope.js';
import type { Tensor } from './tensor.js';

export interface GradcheckOptions {
  /** Half the distance of the two points that a difference is taken of. Default 1e-6. */
  eps?: number;
  /** Allowed absolute difference. Default 1e-5. */
  atol?: number;
  /** Allowed difference relative to the numeric derivative. Default 1e-3. */
  rtol?: number;
}

/** A function of tensors that is to be differentiated. */
export type CheckedFunction = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/**
 * Compares the gradient of a function with central differences, (f(x + eps) - f(x - eps)) / 2 eps, for each element of each
 * floating output and each element of each input that requires a gradient. Gives true, or throws.
 *
 * Inputs that require a gradient are float64. The function must depend on its arguments only and be smooth near them.
 *
 * @throws AutogradError at the first derivative that differs: names input, element, output, numeric and analytic value.
 * @throws DTypeError for an input that requires a gradient and is not float64.
 * @throws ValueError if no input requires a gradient, or an option makes no sense.
 * @example
 * import { gradcheck, tensor } from 'lanegrad';
 * const x = tensor([0.5, -2], { dtype: 'float64', requiresGrad: true });
 * gradcheck((v) => v.square().mul(v.sin()), [x]); // => true
 */
export function gradcheck(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  check('gradcheck', fn, inputs, options);
  return runCheck('gradcheck', fn, inputs, options);
}

export interface GradgradcheckOptions extends GradcheckOptions {
  /** The gradients of the outputs at which to check. Default: random ones, always the same. */
  gradOutputs?: readonly Tensor[];
}

/**
 * {@link gradcheck} of the gradient itself: compares second derivatives with differences of first ones, with respect to
 * the inputs and the gradients of the outputs.
 *
 * @throws AutogradError at the first second derivative that differs.
 * @throws DTypeError for an input that requires a gradient and is not float64.
 * @throws ValueError if no input requires a gradient, or an option makes no sense.
 * @example
 * import { gradgradcheck, tensor } from 'lanegrad';
 * const x = tensor([0.5, -2], { dtype: 'float64', requiresGrad: true });
 * gradgradcheck((v) => v.exp(), [x]); // => true
 */
export function gradgradcheck(
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  options: GradgradcheckOptions = {},
): true {
  check('gradgradcheck', fn, inputs, options);
  return scoped(() => {
    const weights =
      options.gradOutputs ??
      randomGradients(
        floatOutputs(
          'gradgradcheck',
          noGrad(() => fn(...inputs)),
        ),
      );
    checkTensors('gradgradcheck', 'gradOutputs', weights);
    const leaves = weights.map((weight) => leafOf(weight, true));
    const gradient = (...all: Tensor[]): Tensor[] => {
      const given = all.slice(0, inputs.length);
      const outputs = floatOutputs('gradgradcheck', fn(...given));
      if (outputs.length !== leaves.length) {
        throw new ValueError(
          `[gradgradcheck] gradOutputs: got ${leaves.length}, wanted ${outputs.length}, one for each floating output`,
        );
      }
      const used = outputs.map((output) => output.requiresGrad);
      if (!used.includes(true)) return [];
      const wanted = given.filter((input) => input.requiresGrad);
      const results = grad(
        outputs.filter((_, j) => used[j]),
        wanted,
        {
          gradOutputs: all.slice(inputs.length).filter((_, j) => used[j]),
          createGraph: true,
          allowUnused: true,
        },
      );
      return results.filter((result) => result !== null);
    };
    return runCheck('gradgradcheck', gradient, [...inputs, ...leaves], options);
  });
}

function check(op: string, fn: CheckedFunction, inputs: readonly Tensor[], options: GradcheckOptions): void {
  checkFunction(op, fn);
  checkTensors(op, 'inputs', inputs);
  checkOptions(op, options);
  if (options.eps !== undefined) checkRange(op, 'eps', options.eps, Number.MIN_VALUE, 1);
  if (options.atol !== undefined) checkRange(op, 'atol', options.atol, 0, Infinity);
  if (options.rtol !== undefined) checkRange(op, 'rtol', options.rtol, 0, Infinity);
  inputs.forEach((input, i) => {
    if (input.requiresGrad && input.dtype !== 'float64') {
      throw new DTypeError(
        `[${op}] inputs[${i}]: got ${input.dtype}, wanted float64: differences of fewer digits say nothing`,
      );
    }
  });
  if (!inputs.some((input) => input.requiresGrad)) {
    throw new ValueError(`[${op}] inputs: got none that requires a gradient, wanted at least one`);
  }
}

/** A leaf on the same memory and strides: one tensor given twice becomes two inputs. */
function leafOf(tensor: Tensor, requiresGrad: boolean): Tensor {
  const leaf = noGrad(() => backend.run1('detach', [tensor], noAttrs));
  if (requiresGrad) leaf.requiresGrad = true;
  return leaf;
}

function floatOutputs(op: string, result: Tensor | readonly Tensor[]): Tensor[] {
  const outputs: unknown = Handle.is(synchronous(op, result)) ? [result] : result;
  checkTensors(op, 'outputs of fn', outputs);
  return outputs.filter((output) => isFloat(output.dtype));
}

function randomGradients(outputs: readonly Tensor[]): Tensor[] {
  return withSeed(0, () => outputs.map((output) => randn(output.shape, { dtype: 'float64' })));
}

function runCheck(
  op: string,
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  options: GradcheckOptions,
): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  scoped(() => {
    const analytic = analyticGradients(op, fn, inputs);
    inputs.forEach((input, i) => {
      if (!input.requiresGrad) return;
      const count = product(input.shape);
      for (let k = 0; k < count; k++) {
        const numeric = differences(op, fn, inputs, i, k, eps);
        numeric.forEach((column, j) => {
          column.forEach((wanted, row) => {
            const got = analytic[j]?.[i]?.[row]?.[k] ?? 0;
            // Written so that NaN fails.
            if (Math.abs(got - wanted) <= atol + rtol * Math.abs(wanted)) return;
            const at = (index: number, shape: readonly number[]): string => shapeText(position(index, shape));
            const shapes = analytic[j]?.shape ?? [];
            throw new AutogradError(
              `[${op}] the derivative of output ${j} at ${at(row, shapes)} with respect to input ${i} at ` +
                `${at(k, input.shape)} differs: numeric ${wanted}, analytic ${got}`,
            );
          });
        });
      }
    });
  });
  return true;
}

/** Of one output: for each input, for each element of the output, the gradient; and the shape of the output. */
type OutputGradients = (number[][] | undefined)[] & { shape: readonly number[] };

function analyticGradients(op: string, fn: CheckedFunction, inputs: readonly Tensor[]): OutputGradients[] {
  const leaves = inputs.map((input) => leafOf(input, input.requiresGrad));
  const outputs = floatOutputs(
    op,
    enableGrad(() => fn(...leaves)),
  );
  const wanted = leaves.filter((leaf) => leaf.requiresGrad);
  return outputs.map((output) => {
    const count = product(output.shape);
    const table = Object.assign(
      inputs.map((input) =>
        input.requiresGrad ? Array.from({ length: count }, (): number[] => []) : undefined,
      ),
      { shape: output.shape },
    );
    if (!output.requiresGrad) return table;
    for (let row = 0; row < count; row++) {
      scoped(() => {
        const unit = new Float64Array(count);
        unit[row] = 1;
        const seed = backend.create('float64', output.shape, unit);
        const grads = grad(output, wanted, { gradOutputs: seed, retainGraph: true, allowUnused: true });
        leaves.forEach((leaf, i) => {
          const found = grads[wanted.indexOf(leaf)];
          if (found) table[i]![row] = Array.from(found.data as Float64Array);
        });
      });
    }
    return table;
  });
}

/** For each floating output, the numeric derivative of its elements with respect to element k of input i. */
function differences(
  op: string,
  fn: CheckedFunction,
  inputs: readonly Tensor[],
  i: number,
  k: number,
  eps: number,
): number[][] {
  const valuesAt = (shift: number): ArrayLike<number>[] =>
    scoped(() => {
      const moved = inputs.map((input, n) => {
        if (n !== i) return leafOf(input, input.requiresGrad);
        const values = input.data as Float64Array;
        values[k] = values[k]! + shift;
        const leaf = backend.create('float64', input.shape, values);
        leaf.requiresGrad = true;
        return leaf;
      });
      // Recorded, since the function may take gradients itself.
      const outputs = floatOutputs(
        op,
        enableGrad(() => fn(...moved)),
      );
      return outputs.map((output) => output.data as Float64Array | Float32Array);
    });
  const above = valuesAt(eps);
  const below = valuesAt(-eps);
  return above.map((column, j) => Array.from(column, (value, row) => (value - below[j]![row]!) / (2 * eps)));
}

function position(index: number, shape: readonly number[]): number[] {
  const at: number[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    at.unshift(index % shape[d]!);
    index = Math.floor(index / shape[d]!);
  }
  return at;
}
