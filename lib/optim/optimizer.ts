import { Handle } from '../backend/backend.js';
import { Seen } from '../backend/configuration.js';
import { checkOptions, checkRange, describe } from '../check.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import { enableGrad, noGrad } from '../grad-mode.js';
import { errorText } from '../nn/inspect.js';
import { Module } from '../nn/module.js';
import { checkFunction, synchronous } from '../scope.js';
import type { Synchronous } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { refuseMaking } from './number-cell.js';
import { initialOptions } from './option.js';
import { ParamGroup } from './param-group.js';
import type { GroupOf, ParamState } from './param-group.js';
import type { LearningRate, Rule } from './rule.js';

/** Parameters with options of their own; what is not given comes from the optimizer's. */
export type GroupOptions<Options extends LearningRate> = Options & { params: Tensor | Iterable<Tensor> };

/** What an optimizer optimizes: parameters, or groups of them. */
export type Params<Options extends LearningRate> = Iterable<Tensor> | Iterable<GroupOptions<Options>>;

/**
 * The state of an optimizer, laid out as PyTorch's `state_dict()`: parameters are numbered through all groups, and
 * `state` has an entry for each that took a step.
 */
export interface OptimizerStateDict<Options extends LearningRate = LearningRate> {
  state: Record<number, ParamState>;
  paramGroups: (Required<Options> & { params: number[]; initialLr?: number })[];
}

/**
 * What all optimizers have: groups of parameters with their options, `zeroGrad`, `step`, and a state to save and restore.
 *
 * Options that are numbers are tensors underneath; `group.lr = value` takes effect at the next step. State is kept beside
 * the parameters in their dtype and made at the first step. Parameters without a gradient are passed over: neither they
 * nor their state change.
 */
export abstract class Optimizer<Options extends LearningRate = LearningRate> {
  /** The options of groups that do not say otherwise. */
  readonly defaults: Readonly<Required<Options>>;
  readonly #rule: Rule<Options>;
  readonly #seen = new Seen();
  readonly #groups: GroupOf<Options>[] = [];

  /** @internal */
  protected constructor(
    protected readonly name: string,
    rule: Rule<Options>,
    params: Params<Options>,
    options: Options,
  ) {
    refuseMaking(name, 'an optimizer');
    this.#rule = rule;
    this.defaults = initialOptions(rule.options);
    this.defaults = Object.freeze(this.#complete(options));
    const wanted = 'wanted an array of tensors, as model.parameters() gives, or of groups';
    if (Handle.is(params) || !isIterable(params)) {
      throw new DTypeError(`[${name}] params: got ${describe(params)}, ${wanted}`);
    }
    const list = [...params] as (Tensor | GroupOptions<Options>)[];
    refuseModules(name, params, list, wanted);
    if (list.length === 0) throw new ValueError(`[${name}] params: got no parameters, wanted at least one`);
    if (list.every((entry) => !Handle.is(entry) && typeof entry === 'object' && entry !== null)) {
      for (const group of list as GroupOptions<Options>[]) this.addParamGroup(group);
    } else {
      // Tensors are no options: every entry of `params` is checked there.
      this.addParamGroup({ params: list as Tensor[] } as unknown as GroupOptions<Options>);
    }
  }

  /** The groups; their options may be assigned. */
  get paramGroups(): readonly GroupOf<Options>[] {
    this.#seen.look();
    return this.#groups;
  }

  /**
   * Adds parameters with options of their own, for instance layers that are unfrozen later.
   *
   * @throws ValueError for a parameter that is in a group already or was computed from others, or for wrong options.
   * @throws DTypeError for parameters that are not floating tensors.
   * @example
   * import { ones, optim } from 'lanegrad';
   * const optimizer = new optim.SGD([ones([2], { requiresGrad: true })], { lr: 0.1 });
   * optimizer.addParamGroup({ params: [ones([3], { requiresGrad: true })], lr: 0.01 });
   * optimizer.paramGroups.map((group) => group.lr); // => [0.1, 0.01]
   */
  addParamGroup(group: GroupOptions<Options>): void {
    checkOptions(this.name, group);
    const { params, ...options } = group;
    if (!Handle.is(params) && !isIterable(params)) {
      throw new DTypeError(
        `[${this.name}] params: got ${describe(params)}, wanted tensors, as model.parameters() gives`,
      );
    }
    const list = Handle.is(params) ? [params] : [...params];
    refuseModules(this.name, params, list, 'wanted tensors, as model.parameters() gives');
    if (list.length === 0)
      throw new ValueError(`[${this.name}] params: got no parameters, wanted at least one`);
    const taken = new Set(this.#groups.flatMap((other) => other.params));
    list.forEach((param, i) => {
      const what = `[${this.name}] params[${i}]`;
      if (!Handle.is(param)) throw new DTypeError(`${what}: got ${describe(param)}, wanted a tensor`);
      if (!isFloat(param.dtype))
        throw new DTypeError(`${what}: got dtype ${param.dtype}, wanted a floating one`);
      if (!param.isLeaf) {
        throw new ValueError(
          `${what}: got a tensor computed by ${param.gradFn}, wanted one that was not computed`,
        );
      }
      if (taken.has(param)) throw new ValueError(`${what}: got a parameter that is already in a group`);
      this.#rule.checkParam?.(this.name, param, i);
      taken.add(param);
    });
    // What is left of the group are its options, and the group has each as a property.
    const complete = this.#complete(options as unknown as Options);
    this.#groups.push(new ParamGroup(this.name, this.#rule, list, complete) as GroupOf<Options>);
    this.#seen.changed();
  }

  /**
   * Drops the gradients of all parameters: `.grad` is null until the next `backward`.
   *
   * @example
   * import { ones, optim } from 'lanegrad';
   * const w = ones([2], { requiresGrad: true });
   * const optimizer = new optim.SGD([w]);
   * w.sum().backward();
   * optimizer.zeroGrad();
   * w.grad; // => null
   */
  zeroGrad(): void {
    this.#seen.look();
    for (const group of this.#groups) for (const param of group.params) param.grad = null;
  }

  /**
   * Updates every parameter that has a gradient.
   *
   * @param closure Computes the loss and its gradients first, with recording on; its result is returned.
   * @throws ValueError if `closure` returns a promise.
   * @example
   * import { optim, tensor } from 'lanegrad';
   * const w = tensor([4, 2], { dtype: 'float32', requiresGrad: true });
   * const optimizer = new optim.SGD([w], { lr: 0.25 });
   * const loss = optimizer.step(() => {
   *   optimizer.zeroGrad();
   *   const squares = w.square().sum();
   *   squares.backward();
   *   return squares;
   * });
   * loss.item(); // => 20
   * w.tolist(); // => [2, 1]
   */
  step(): void;
  step<T>(closure: () => Synchronous<T>): T;
  step<T>(closure?: () => Synchronous<T>): T | undefined {
    const result = closure === undefined ? undefined : resultOf<T>(`${this.constructor.name}.step`, closure);
    this.#seen.look();
    noGrad(() => {
      for (const group of this.#groups) group.update();
    });
    return result;
  }

  /**
   * Options and state, laid out as in PyTorch. The tensors share memory with the optimizer: later steps change them.
   *
   * @example
   * import { ones, optim } from 'lanegrad';
   * const w = ones([2], { requiresGrad: true });
   * const optimizer = new optim.SGD([w], { lr: 0.5, momentum: 0.5 });
   * w.sum().backward();
   * optimizer.step();
   * const { state, paramGroups } = optimizer.stateDict();
   * state[0]?.momentumBuffer?.tolist(); // => [1, 1]
   * paramGroups[0]?.params; // => [0]
   */
  stateDict(): OptimizerStateDict<Options> {
    const state: Record<number, ParamState> = {};
    let next = 0;
    const paramGroups = this.#groups.map((group) => {
      const first = next;
      next += group.params.length;
      group.state().forEach((entries, i) => {
        if (entries !== undefined) state[first + i] = entries;
      });
      const { initialLr } = group;
      const scheduled = initialLr === undefined ? {} : { initialLr };
      return { ...group.options(), ...scheduled, params: group.params.map((_, i) => first + i) };
    });
    return { state, paramGroups };
  }

  /**
   * Takes options and state over from a `stateDict()`, by copy, parameters in their order. What the group's tensors are
   * stays: only values change. Nothing changes if it throws.
   *
   * @throws ValueError if the numbers of groups or parameters differ, or for unknown options or state.
   * @throws ShapeError if a state has not the shape of its parameter.
   * @example
   * import { ones, optim } from 'lanegrad';
   * const a = new optim.Adam([ones([2], { requiresGrad: true })], { lr: 0.5 });
   * const b = new optim.Adam([ones([2], { requiresGrad: true })]);
   * b.loadStateDict(a.stateDict());
   * b.paramGroups[0]?.lr; // => 0.5
   */
  loadStateDict(stateDict: OptimizerStateDict<Options>): void {
    const op = `${this.name}.loadStateDict`;
    const given: Partial<OptimizerStateDict<Options>> | null = stateDict;
    const { state, paramGroups } = given ?? {};
    if (typeof state !== 'object' || state === null || !Array.isArray(paramGroups)) {
      throw new ValueError(`[${op}] got ${describe(stateDict)}, wanted { state, paramGroups }`);
    }
    if (paramGroups.length !== this.#groups.length) {
      throw new ValueError(`[${op}] got ${paramGroups.length} groups, wanted ${this.#groups.length}`);
    }
    const loads = this.#groups.map((group, k) => {
      const saved = paramGroups[k]!;
      checkOptions(op, saved);
      const { params, initialLr, ...rest } = saved;
      if (initialLr !== undefined) checkRange(op, 'initialLr', initialLr, 0, Infinity);
      if (!Array.isArray(params) || params.length !== group.params.length) {
        const got = Array.isArray(params) ? `${params.length} parameters` : describe(params);
        throw new ValueError(`[${op}] paramGroups[${k}].params: got ${got}, wanted ${group.params.length}`);
      }
      // What is left of the group are its options.
      const options = this.#complete(rest as unknown as Options);
      group.checkOptions(options);
      const states = params.map((id: unknown, i) => {
        if (!Number.isSafeInteger(id)) {
          throw new ValueError(
            `[${op}] paramGroups[${k}].params[${i}]: got ${describe(id)}, wanted the number of a parameter`,
          );
        }
        return state[id as number];
      });
      group.checkState(states);
      return { group, options, initialLr, states };
    });
    noGrad(() => {
      for (const { group, options, initialLr, states } of loads) {
        group.initialLr = initialLr ?? group.initialLr;
        group.setOptions(options);
        group.setState(states);
      }
    });
  }

  /** The options of each group, as PyTorch prints them. */
  toString(): string {
    const names = Object.keys(this.defaults);
    const groups = this.#groups.map((group, i) => `Parameter Group ${i}\n${optionsText(group, names)}`);
    return `${this.name} (\n${groups.join('\n')})`;
  }

  /** @internal What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](depth: number | null): string {
    return depth !== null && depth < 0 ? `[${this.name}]` : this.toString();
  }

  /** The options with defaults for what is not given. A misspelt one is an error. */
  #complete(options: Options): Required<Options> {
    checkOptions(this.name, options);
    const complete: Required<Options> = { ...this.defaults };
    for (const key of Object.keys(options) as (keyof Options & string)[]) {
      if (!(key in this.defaults)) {
        const known = Object.keys(this.defaults).join(', ');
        throw new ValueError(`[${this.name}] options: got ${describe(key)}, wanted only ${known}`);
      }
      const value = options[key];
      if (value !== undefined) complete[key] = value;
    }
    return complete;
  }
}

const optionText = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);

/** Looking at options is no error, also where a program in flight writes them. */
function optionsText(group: object, names: readonly string[]): string {
  const textOf = (name: string): string => {
    try {
      return optionText(Reflect.get(group, name));
    } catch (error) {
      return errorText(error);
    }
  };
  return names.map((name) => `    ${name}: ${textOf(name)}\n`).join('');
}

/** A Sequential gives its layers, which look like groups. */
function refuseModules(name: string, params: unknown, list: readonly unknown[], wanted: string): void {
  const at = list.findIndex((entry) => entry instanceof Module);
  if (at < 0) return;
  const got =
    params instanceof Module ? `params: got ${describe(params)}` : `params[${at}]: got ${describe(list[at])}`;
  throw new DTypeError(`[${name}] ${got}, ${wanted}`);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/** What a closure of `step` gives, run with recording on. */
export function resultOf<T>(op: string, closure: () => Synchronous<T>): T {
  checkFunction(op, closure);
  return enableGrad<unknown>(() => synchronous(op, closure())) as T;
}
