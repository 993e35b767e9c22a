import type { AnomalyCheck } from './backend/observer.js';
import { backend } from './backend/current.js';
import { watchAnomalies } from './backend/recording.js';
import { checkFlag, checkOptions, describe } from './check.js';
import { ValueError } from './errors.js';
import { checkFunction, synchronous } from './scope.js';
import type { Synchronous } from './scope.js';

export interface DetectAnomalyOptions {
  /** Look for NaN only, where infinities belong to the computation. Default false. */
  nanOnly?: boolean;
}

/**
 * Runs `fn` and throws at the first op that makes a NaN or an infinity: in its result, or in a gradient of one of its inputs
 * during a backward pass. The error names the op and the line outside of the library that called it, of a gradient the line
 * of the op whose gradient it is. Returns what `fn` returns.
 *
 * An infinity that was there before, or that the call names (`maskedFill(mask, -Infinity)`), is wanted and passes; NaN is
 * reported where an op first meets it. Every result is read once more and every call notes its stack, so this is for looking
 * for a fault; outside of `fn` nothing is slower. PyTorch's `detect_anomaly` looks at gradients and NaN only.
 *
 * `fn` is synchronous; a promise is an error.
 *
 * @throws AnomalyError at the first NaN or infinity.
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { detectAnomaly, tensor } from 'lanegrad';
 * const x = tensor([4, 0], { dtype: 'float32', requiresGrad: true });
 * detectAnomaly(() => x.sqrt().tolist()); // => [2, 0]
 * detectAnomaly(() => x.sqrt().sum().backward()); // => throws AnomalyError: [sqrt] the gradient of its input 0
 */
export function detectAnomaly<T>(fn: () => Synchronous<T>, options: DetectAnomalyOptions = {}): T {
  checkFunction('detectAnomaly', fn);
  checkOptions('detectAnomaly', options);
  const check: AnomalyCheck = checkFlag('detectAnomaly', 'nanOnly', options.nanOnly) ? 'nan' : 'nanOrInf';
  const former = look(check);
  try {
    return synchronous<T>('detectAnomaly', fn());
  } finally {
    look(former);
  }
}

/**
 * Whether every op of this thread is looked at for NaN from now on, as within {@link detectAnomaly} with `nanOnly`: for
 * programs whose fault no one function holds. Returns whether anything was looked for before. PyTorch's
 * `set_detect_anomaly` looks at gradients only; here the op whose result is NaN is named already.
 *
 * @throws ValueError for what is no boolean.
 * @example
 * import { setDetectAnomaly, tensor } from 'lanegrad';
 * const x = tensor([0], { dtype: 'float32', requiresGrad: true });
 * setDetectAnomaly(true);
 * x.sqrt().mul(0).sum().backward(); // => throws AnomalyError: [sqrt] the gradient of its input 0
 * setDetectAnomaly(false); // => true
 */
export function setDetectAnomaly(enabled: boolean): boolean {
  if (typeof enabled !== 'boolean')
    throw new ValueError(`[setDetectAnomaly] enabled: got ${describe(enabled)}, wanted a boolean`);
  return look(enabled ? 'nan' : 'none') !== 'none';
}

/** Looks for these from now on; returns what was looked for before. Compiled functions run as they stand meanwhile. */
function look(check: AnomalyCheck): AnomalyCheck {
  watchAnomalies(check !== 'none');
  return backend.observer.setAnomalyCheck(check);
}
