import { Handle } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { refuseRecorded } from '../backend/recording.js';
import { checkOptions, describe, shapeText } from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { zeros } from '../ops/creation.js';
import { tensor } from '../ops/from-data.js';
import { cat, stack } from '../ops/join.js';
import { narrow, reshape, select } from '../ops/view.js';
import { checkFunction, keep, scoped } from '../scope.js';
import type { Synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { strongWolfe } from './line-search.js';
import type { Place } from './line-search.js';
import { atLeast, integer } from './option.js';
import type { OptionKind } from './option.js';
import { Optimizer, resultOf } from './optimizer.js';
import type { GroupOptions, OptimizerStateDict, Params } from './optimizer.js';
import type { ParamState } from './param-group.js';
import type { Rule } from './rule.js';

export interface LBFGSOptions {
  /** The length of a step; with a line search of the first that is tried. Default 1. */
  lr?: number;
  /** Iterations in one call of `step`. Default 20. */
  maxIter?: number;
  /** Calls of the closure in one call of `step`. Default maxIter · 5/4. */
  maxEval?: number;
  /** No element of the gradient is larger: done. Default 1e-7. */
  toleranceGrad?: number;
  /** Loss or parameters change by less: done. Default 1e-9. */
  toleranceChange?: number;
  /** How many steps the curvature is known by. Default 100. */
  historySize?: number;
  /** Look for a step that fulfils the strong Wolfe conditions. Default null: take steps of `lr`. */
  lineSearchFn?: 'strong_wolfe' | null;
}

const lineSearch: OptionKind<'strong_wolfe' | null> = {
  initial: null,
  check(op, name, value) {
    if (value !== null && value !== 'strong_wolfe')
      throw new ValueError(`[${op}] ${name}: got ${describe(value)}, wanted 'strong_wolfe' or null`);
  },
};

const rule: Rule<LBFGSOptions> = {
  options: {
    lr: atLeast(1),
    maxIter: integer(20, 1),
    maxEval: integer(25, 1),
    toleranceGrad: atLeast(1e-7),
    toleranceChange: atLeast(1e-9),
    historySize: integer(100, 1),
    lineSearchFn: lineSearch,
  },
  states: {},
  rows: [],
  run: () => undefined,
};

/** What is known of the curvature, and where the last step went. */
interface Memory {
  nIter: number;
  /** The last direction, and how far it was followed. */
  d: Tensor;
  t: number;
  /** Changes of the gradient, and of the parameters. */
  changes: Tensor[];
  steps: Tensor[];
  /** 1 / (change · step) of each. */
  ro: number[];
  /** The curvature that is begun with. */
  hDiag: number;
  prevGrad: Tensor;
}

const numberOf = (x: Tensor): number => Number(x.item());
const dot = (a: Tensor, b: Tensor): number => scoped(() => numberOf(a.dot(b)));
const largest = (x: Tensor): number => scoped(() => numberOf(x.abs().max()));

/**
 * L-BFGS (Liu and Nocedal, 1989) as PyTorch has it: Newton's steps by the curvature that the last `historySize` steps have
 * shown. For the whole data at once: `step` calls the closure several times. One group of parameters only.
 *
 * The state stands with parameter 0: `nIter`, `funcEvals`, `d`, `t`, `prevFlatGrad`, `hDiag`, and of the history `oldDirs`
 * and `oldStps` [m, n] and `ro` [m], where n counts the elements of all parameters.
 *
 * @throws ValueError for options out of range or unknown, several groups, or `step` without a closure.
 * @throws DTypeError for parameters that are not floating tensors, or of several dtypes.
 * @example
 * import { optim, tensor } from 'lanegrad';
 * const w = tensor([4, -2], { dtype: 'float64', requiresGrad: true });
 * const optimizer = new optim.LBFGS([w], { lineSearchFn: 'strong_wolfe' });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(1).pow(4).sum();
 *   loss.backward();
 *   return loss;
 * });
 * Array.from(w.data, (value) => value.toFixed(1)); // => ['1.0', '1.0']
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  #memory: Memory | undefined = undefined;
  #evaluations = 0;

  constructor(params: Params<LBFGSOptions>, options: LBFGSOptions = {}) {
    checkOptions('LBFGS', options);
    const { maxIter } = options as LBFGSOptions | Record<string, undefined>;
    super('LBFGS', rule, params, {
      ...(Number.isSafeInteger(maxIter) ? { maxEval: Math.max(1, Math.floor((maxIter! * 5) / 4)) } : {}),
      ...options,
    });
    const dtypes = new Set(this.#params.map((param) => param.dtype));
    if (dtypes.size > 1)
      throw new DTypeError(`[LBFGS] params: got ${[...dtypes].join(' and ')}, wanted one dtype`);
  }

  get #params(): readonly Tensor[] {
    return this.paramGroups[0]!.params;
  }

  /**
   * @throws ValueError for a second group.
   */
  override addParamGroup(group: GroupOptions<LBFGSOptions>): void {
    if (this.paramGroups.length > 0)
      throw new ValueError('[LBFGS] params: got a second group, wanted one: the curvature is that of all');
    super.addParamGroup(group);
  }

  /**
   * Moves the parameters up to `maxIter` times.
   *
   * @param closure Clears the gradients, computes the loss (a number or a tensor with one element) and its gradients. It is
   *   called several times; what it returned first is returned.
   * @throws ValueError without a closure, or if it returns a promise.
   */
  override step<T>(closure?: () => Synchronous<T>): T {
    checkFunction('LBFGS.step', closure);
    refuseRecorded(
      'the loss, by which the next step is chosen, is read while a compiled function is recorded',
      'compile what the closure does instead, and step outside: optimizer.step(() => compiled(x, y))',
      'LBFGS.step',
    );
    let result: T | undefined;
    const evaluate = (): number => {
      const given = resultOf<T>('LBFGS.step', closure!);
      result ??= given;
      ++this.#evaluations;
      return lossOf(given);
    };
    noGrad(() => this.#iterate(evaluate));
    return result!;
  }

  #iterate(evaluate: () => number): void {
    const group = this.paramGroups[0]!;
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const before = this.#evaluations;
    let loss = evaluate();
    let grad = this.#gradient();
    if (largest(grad) <= toleranceGrad) return;
    for (let n = 1; n <= maxIter; ++n) {
      const memory = this.#direct(grad, group.historySize);
      const formerLoss = loss;
      const first = memory.nIter === 1 ? Math.min(1, 1 / scoped(() => numberOf(grad.abs().sum()))) * lr : lr;
      const slope = dot(grad, memory.d);
      memory.t = first;
      if (slope > -toleranceChange) break;
      if (lineSearchFn !== null) {
        const used = this.#evaluations - before;
        const start = { t: 0, loss, grad, slope };
        ({ loss, grad, t: memory.t } = this.#search(evaluate, start, memory, maxEval - used));
        this.#move(memory.t, memory.d);
      } else {
        this.#move(first, memory.d);
        // What nobody would use is not computed.
        if (n === maxIter) break;
        loss = evaluate();
        grad = this.#gradient();
      }
      const done = n === maxIter || this.#evaluations - before >= maxEval || largest(grad) <= toleranceGrad;
      const moved = largest(memory.d) * Math.abs(memory.t);
      if (done || moved <= toleranceChange || Math.abs(loss - formerLoss) < toleranceChange) break;
    }
  }

  /** Learns from the last step and sets the direction of the next. */
  #direct(grad: Tensor, historySize: number): Memory {
    const memory = this.#memory;
    if (memory === undefined) {
      return (this.#memory = {
        nIter: 1,
        d: keep(grad.neg()),
        t: 0,
        changes: [],
        steps: [],
        ro: [],
        hDiag: 1,
        prevGrad: keep(grad.clone()),
      });
    }
    memory.nIter += 1;
    const change = keep(grad.sub(memory.prevGrad));
    const step = keep(memory.d.mul(memory.t));
    const curvature = dot(change, step);
    if (curvature > 1e-10) {
      if (memory.changes.length >= historySize) {
        memory.changes.shift()!.dispose();
        memory.steps.shift()!.dispose();
        memory.ro.shift();
      }
      memory.changes.push(change);
      memory.steps.push(step);
      memory.ro.push(1 / curvature);
      memory.hDiag = curvature / dot(change, change);
    } else {
      change.dispose();
      step.dispose();
    }
    memory.d.dispose();
    memory.d = keep(newtonDirection(grad, memory));
    memory.prevGrad.copy_(grad);
    return memory;
  }

  #search(evaluate: () => number, start: Place, { d, t: first }: Memory, maxIter: number): Place {
    const { toleranceChange } = this.paramGroups[0]!;
    const origin = this.#params.map((param) => param.detach().clone());
    const at = (t: number): Place => {
      this.#move(t, d);
      const loss = evaluate();
      const grad = this.#gradient();
      this.#params.forEach((param, i) => param.copy_(origin[i]!));
      return { t, loss, grad, slope: dot(grad, d) };
    };
    const { place } = strongWolfe(at, start, first, { reach: largest(d), toleranceChange, maxIter });
    for (const one of origin) one.dispose();
    return place;
  }

  /** All gradients in a row: zeros where there is none. */
  #gradient(): Tensor {
    return scoped(() =>
      cat(
        this.#params.map((param) => {
          const grad = backend.getGrad(param);
          return grad ? reshape(grad, [-1]) : zeros([param.numel()], { dtype: param.dtype });
        }),
      ),
    );
  }

  #move(t: number, d: Tensor): void {
    let at = 0;
    for (const param of this.#params) {
      scoped(() => void param.add_(reshape(narrow(d, 0, at, param.numel()), param.shape).mul(t)));
      at += param.numel();
    }
  }

  override stateDict(): OptimizerStateDict<LBFGSOptions> {
    const memory = this.#memory;
    const { paramGroups } = super.stateDict();
    if (memory === undefined) return { state: {}, paramGroups };
    const { dtype } = memory.d;
    const rows = (list: readonly Tensor[]): Tensor =>
      list.length > 0 ? stack(list) : zeros([0, memory.d.numel()], { dtype });
    const number = (value: number): Tensor => tensor(value, { dtype: 'float64' });
    const state: ParamState = {
      nIter: number(memory.nIter),
      funcEvals: number(this.#evaluations),
      d: memory.d.clone(),
      t: number(memory.t),
      oldDirs: rows(memory.changes),
      oldStps: rows(memory.steps),
      ro: tensor(memory.ro, { dtype: 'float64' }),
      hDiag: number(memory.hDiag),
      prevFlatGrad: memory.prevGrad.clone(),
    };
    return { state: { 0: state }, paramGroups };
  }

  override loadStateDict(stateDict: OptimizerStateDict<LBFGSOptions>): void {
    const given = (stateDict as Partial<OptimizerStateDict> | null)?.state?.[0];
    const memory = given && memoryFrom(given, this.#gradientLength());
    super.loadStateDict({ ...stateDict, state: {} });
    this.#memory = memory;
    this.#evaluations = given ? numberOf(given['funcEvals']!) : 0;
  }

  #gradientLength(): number {
    return this.#params.reduce((sum, param) => sum + param.numel(), 0);
  }
}

/** -H grad by the two loops of the paper (algorithm 7.4 of Nocedal and Wright, 2006). */
function newtonDirection(grad: Tensor, { changes, steps, ro, hDiag }: Memory): Tensor {
  return scoped(() => {
    const d = grad.neg();
    const weights = new Array<number>(ro.length);
    for (let i = ro.length - 1; i >= 0; --i) {
      weights[i] = dot(steps[i]!, d) * ro[i]!;
      d.sub_(changes[i]!.mul(weights[i]!));
    }
    d.mul_(hDiag);
    for (let i = 0; i < ro.length; ++i) {
      const other = dot(changes[i]!, d) * ro[i]!;
      d.add_(steps[i]!.mul(weights[i]! - other));
    }
    return d;
  });
}

function lossOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (!Handle.is(value))
    throw new DTypeError(
      `[LBFGS.step] closure: got ${describe(value)}, wanted the loss, a number or a tensor`,
    );
  return numberOf(value as Tensor);
}

function memoryFrom(given: ParamState, n: number): Memory {
  const op = 'LBFGS.loadStateDict';
  const take = (name: string, shape: readonly number[]): Tensor => {
    const value: unknown = given[name];
    if (!Handle.is(value)) throw new DTypeError(`[${op}] ${name}: got ${describe(value)}, wanted a tensor`);
    const found = value as Tensor;
    if (String(found.shape) !== String(shape))
      throw new ShapeError(
        `[${op}] ${name}: got shape ${shapeText(found.shape)}, wanted ${shapeText(shape)}`,
      );
    return found;
  };
  const ro = given['ro'];
  const m = Handle.is(ro) && ro.shape.length === 1 ? ro.shape[0]! : 0;
  const rows = (name: string): Tensor[] => {
    const list = take(name, [m, n]);
    return Array.from({ length: m }, (_, i) => keep(select(list, 0, i).clone()));
  };
  const ros = take('ro', [m]);
  take('funcEvals', []);
  return {
    nIter: numberOf(take('nIter', [])),
    d: keep(take('d', [n]).detach().clone()),
    t: numberOf(take('t', [])),
    changes: rows('oldDirs'),
    steps: rows('oldStps'),
    ro: Array.from(ros.data, Number),
    hDiag: numberOf(take('hDiag', [])),
    prevGrad: keep(take('prevFlatGrad', [n]).detach().clone()),
  };
}
