import { backend } from './backend/current.js';
import { checkFunction, synchronous } from './scope.js';
import type { Synchronous } from './scope.js';

/**
 * Runs `fn` without recording: its results need no gradient. Synchronous only.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { noGrad, ones } from 'lanegrad';
 * const x = ones([2], { requiresGrad: true });
 * noGrad(() => x.mul(2)).requiresGrad; // => false
 */
export function noGrad<T>(fn: () => Synchronous<T>): T {
  checkFunction('noGrad', fn);
  return withGradMode<T>(false, 'noGrad', fn);
}

/**
 * Runs `fn` with recording on, inside a `noGrad`. Synchronous only.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { enableGrad, noGrad, ones } from 'lanegrad';
 * const x = ones([2], { requiresGrad: true });
 * noGrad(() => enableGrad(() => x.mul(2))).requiresGrad; // => true
 */
export function enableGrad<T>(fn: () => Synchronous<T>): T {
  checkFunction('enableGrad', fn);
  return withGradMode<T>(true, 'enableGrad', fn);
}

/**
 * Runs `fn` as {@link noGrad} does; PyTorch's `inference_mode`. What is made in it is like any other tensor: it may be changed
 * in place and used in what is recorded later.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { inferenceMode, ones } from 'lanegrad';
 * const x = ones([2], { requiresGrad: true });
 * inferenceMode(() => x.mul(2)).requiresGrad; // => false
 */
export function inferenceMode<T>(fn: () => Synchronous<T>): T {
  checkFunction('inferenceMode', fn);
  return withGradMode<T>(false, 'inferenceMode', fn);
}

/**
 * Whether ops are recorded now.
 *
 * @example
 * import { isGradEnabled, noGrad } from 'lanegrad';
 * isGradEnabled(); // => true
 * noGrad(() => isGradEnabled()); // => false
 */
export function isGradEnabled(): boolean {
  const enabled = backend.setGradMode(true);
  if (!enabled) backend.setGradMode(false);
  return enabled;
}

function withGradMode<T>(enabled: boolean, op: string, fn: () => Synchronous<T>): T {
  const former = backend.setGradMode(enabled);
  try {
    return synchronous<T>(op, fn());
  } finally {
    backend.setGradMode(former);
  }
}
