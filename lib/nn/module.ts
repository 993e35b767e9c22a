import { configurationChanged } from '../backend/configuration.js';
import { backend } from '../backend/current.js';
import { Handle } from '../backend/backend.js';
import { checkDType, checkFlag, checkOptions, checkTensor, describe, noAttrs } from '../check.js';
import { isFloat } from '../dtype.js';
import type { FloatDType } from '../dtype.js';
import { DTypeError, ValueError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { detach, to } from '../ops/convert.js';
import { checkFunction, keep } from '../scope.js';
import type { HookHandle } from '../hook-handle.js';
import type { Tensor } from '../tensor.js';
import type { Gradients } from './backward-hooks.js';
import { addHook } from './hooks.js';
import type { HookOptions } from './hooks.js';
import { moduleText, settingsOf } from './inspect.js';
import { locateErrors } from './locate.js';
import { isParameter, parameter } from './parameter.js';
import type { Parameter } from './parameter.js';
import { checkParameters, noteParameters, ParameterFields } from './parameter-fields.js';
import { planLoad } from './state-dict.js';
import type { LoadOptions, LoadReport, StateDict } from './state-dict.js';
import { summarize } from './summary.js';
import { trainingChanges } from './training-changes.js';
import {
  collectTensors,
  contentsOf,
  descend,
  join,
  moduleAt,
  readContents,
  replaceIn,
  stateSlots,
  walk,
} from './tree.js';
import type { Contents, Slot } from './tree.js';

/** Any module, whatever it takes and gives: for code that walks modules and does not call them. */
export type AnyModule = Module<never, unknown>;

export interface BufferOptions {
  /** Whether `stateDict` has it. Default true. */
  persistent?: boolean;
}

/** What `forward` of a module takes. */
export type InputsOf<M> = M extends Module<infer In, unknown> ? In : never;

/** What `forward` of a module gives. */
export type OutputOf<M> = M extends Module<never, infer Out> ? Out : never;

/** The shapes of the tensors that `forward` was called with and gave, in order, those in arrays and records too. */
export interface LayerShapes {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/**
 * The base of everything that has parameters: layers, losses and whole networks. `In` is what `forward` takes, `Out` what it
 * gives.
 *
 * A module is made of its public fields: a {@link parameter} is learnt, a Module is a child, and so are those in arrays
 * (`blocks.0.weight`) and in Maps (`heads.left.weight`). Names and order are those of PyTorch. Any other field, a plain tensor too, is the module's own
 * business; what stands in plain objects and in private `#fields` is not seen.
 *
 * @example
 * import { nn, ones, type Tensor } from 'lanegrad';
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(4, 8);
 *   out = new nn.Linear(8, 2);
 *   forward(x: Tensor): Tensor {
 *     return this.out.forward(this.hidden.forward(x).relu());
 *   }
 * }
 * const net = new Net();
 * net.forward(ones([5, 4])).shape; // => [5, 2]
 * net.namedParameters().map(([name]) => name); // => ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
 */
export abstract class Module<In extends unknown[] = [Tensor], Out = Tensor> {
  /** Whether layers that differ in training, as {@link Dropout} and {@link BatchNorm2d}, behave so. See `train`, `eval`. */
  training = true;
  /** Fields that are buffers, and whether they are persistent. */
  readonly #buffers = new Map<string, boolean>();
  readonly #parameterFields = new ParameterFields();

  constructor() {
    locateErrors(new.target.prototype as object, Module.prototype);
  }

  /** What the module computes. */
  abstract forward(...inputs: In): Out;

  /**
   * How many products one call of `forward` on inputs of these shapes sums up, those of modules below not counted: a column
   * of `summary`. 0 unless a layer says more.
   */
  multiplyAdds(_shapes: LayerShapes): number {
    return 0;
  }

  /**
   * Has `hook` called before each `forward` of this module, with the inputs as an array. Another array that it returns takes
   * their place.
   *
   * @throws ValueError for what is no function.
   * @example
   * import { nn, tensor } from 'lanegrad';
   * const act = new nn.ReLU();
   * const handle = act.registerForwardPreHook((_module, [x]) => [x.neg()]);
   * act.forward(tensor([-2, 3])).tolist(); // => [2, 0]
   * handle.remove();
   * act.forward(tensor([-2, 3])).tolist(); // => [0, 3]
   */
  registerForwardPreHook<M extends AnyModule>(
    this: M,
    hook: (module: M, inputs: InputsOf<M>) => [...InputsOf<M>] | void,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerForwardPreHook', this, 'forwardPre', hook, options);
  }

  /**
   * Has `hook` called after each `forward` of this module, with the inputs and the output. What it returns, if anything, takes
   * the output's place. A tensor that it stores needs {@link keep} where the module runs in a scope, as in a Sequential.
   *
   * @throws ValueError for what is no function.
   * @example
   * import { nn, ones } from 'lanegrad';
   * const net = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU());
   * const shapes: unknown[] = [];
   * const handle = net.at(0).registerForwardHook((_module, [x], y) => {
   *   shapes.push([x.shape, y.shape]);
   * });
   * net.forward(ones([2, 4]));
   * shapes; // => [[[2, 4], [2, 3]]]
   * handle.remove();
   */
  registerForwardHook<M extends AnyModule>(
    this: M,
    hook: (module: M, inputs: InputsOf<M>, output: OutputOf<M>) => OutputOf<M> | void,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerForwardHook', this, 'forward', hook, options);
  }

  /**
   * Has `hook` called in each backward pass before this module's gradients are computed, with those of its outputs: one for
   * each tensor among them. Others that it returns take their place. A tensor that it stores needs {@link keep}.
   *
   * @throws ValueError for what is no function.
   * @throws ShapeError from `backward`, if the hook returns gradients of other shapes.
   * @example
   * import { nn, ones } from 'lanegrad';
   * const layer = new nn.Linear(1, 1, { bias: false });
   * layer.registerFullBackwardPreHook((_module, [grad]) => [grad!.mul(10)]);
   * layer.forward(ones([1, 1])).sum().backward();
   * layer.weight.grad?.item(); // => 10
   */
  registerFullBackwardPreHook<M extends AnyModule>(
    this: M,
    hook: (module: M, gradOutputs: Gradients) => Gradients | void,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerFullBackwardPreHook', this, 'backwardPre', hook, options);
  }

  /**
   * Has `hook` called in each backward pass with the gradients of this module's inputs and of its outputs: one for each tensor
   * among them, null for one that requires none. Others that it returns take the place of those of the inputs. A tensor that
   * it stores needs {@link keep}.
   *
   * @throws ValueError for what is no function.
   * @throws ShapeError from `backward`, if the hook returns gradients of other shapes.
   * @example
   * import { keep, nn, ones, type Tensor } from 'lanegrad';
   * const act = new nn.Tanh();
   * const seen: (Tensor | null)[] = [];
   * act.registerFullBackwardHook((_module, [gradInput], [gradOutput]) => {
   *   seen.push(keep(gradInput!), keep(gradOutput!));
   * });
   * act.forward(ones([1], { requiresGrad: true })).backward();
   * seen.map((grad) => grad?.item()); // => [0.41997, 1]
   */
  registerFullBackwardHook<M extends AnyModule>(
    this: M,
    hook: (module: M, gradInputs: Gradients, gradOutputs: Gradients) => Gradients | void,
    options: HookOptions = {},
  ): HookHandle {
    return addHook('registerFullBackwardHook', this, 'backward', hook, options);
  }

  /**
   * Puts a tensor that is not learnt but belongs to the state into a field: `stateDict` has it and `to` converts it. Assigning
   * the field replaces the buffer. A null holds its place.
   *
   * @throws ValueError for an empty name.
   * @throws DTypeError for what is neither a tensor nor null.
   * @example
   * import { nn, zeros, type Tensor } from 'lanegrad';
   * class Counter extends nn.Module {
   *   declare total: Tensor;
   *   constructor() {
   *     super();
   *     this.registerBuffer('total', zeros([1]));
   *   }
   *   forward(x: Tensor): Tensor {
   *     this.total.add_(x.detach().sum());
   *     return x;
   *   }
   * }
   * Object.keys(new Counter().stateDict()); // => ['total']
   */
  registerBuffer(field: string, tensor: Tensor | null, options: BufferOptions = {}): void {
    if (typeof field !== 'string' || field === '') {
      throw new ValueError(`[registerBuffer] field: got ${describe(field)}, wanted a name`);
    }
    if (tensor !== null) checkTensor('registerBuffer', 'tensor', tensor);
    checkOptions('registerBuffer', options);
    const { persistent = true } = options;
    this.#buffers.set(field, checkFlag('registerBuffer', 'persistent', persistent));
    Reflect.set(this, field, tensor === null ? null : keep(tensor));
  }

  /**
   * What a field is called in names of parameters, buffers and modules: itself, unless a subclass says otherwise, so that
   * checkpoints keep PyTorch's names (`runningMean` is `running_mean`). The empty name leaves the level out.
   */
  protected stateName(field: string): string {
    return field;
  }

  /** @internal */
  [contentsOf](): Contents {
    this.#parameterFields.note(this);
    return readContents(this, this.#buffers, (field) => this.stateName(field));
  }

  /** @internal */
  [noteParameters](): void {
    this.#parameterFields.note(this);
  }

  /** @internal */
  [checkParameters](): void {
    this.#parameterFields.check(this);
  }

  /** What this module learns and all below learn, each tensor once: what an optimizer takes. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, tensor]) => tensor);
  }

  /** As `parameters`, with names such as `0.weight`. A shared parameter has the first of its names. */
  namedParameters(): [name: string, tensor: Parameter][] {
    return collectTensors(this, (contents) => contents.parameters);
  }

  /** The buffers of this module and all below, each tensor once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, tensor]) => tensor);
  }

  /** As `buffers`, with names such as `1.running_mean`. */
  namedBuffers(): [name: string, tensor: Tensor][] {
    return collectTensors(this, (contents) => contents.buffers);
  }

  /** The modules that are fields of this one, each once. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** As `children`, with their names. */
  namedChildren(): [name: string, module: AnyModule][] {
    const found = new Map<AnyModule, string>();
    for (const { name, value } of this[contentsOf]().modules) if (!found.has(value)) found.set(value, name);
    return Array.from(found, ([module, name]) => [name, module]);
  }

  /** This module and all below, each once, parents first. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** As `modules`, with their names; this one's is empty. */
  namedModules(): [name: string, module: AnyModule][] {
    const found: [string, AnyModule][] = [];
    walk(this, (module, path) => found.push([path, module]));
    return found;
  }

  /**
   * The module at a path of names, as `namedModules` has them (any of them, for one that is shared); the empty path is this one.
   *
   * @throws ValueError if there is none.
   * @example
   * import { nn } from 'lanegrad';
   * const net = new nn.Sequential(new nn.Sequential(new nn.Linear(3, 2)), new nn.ReLU());
   * net.getSubmodule('0.0') instanceof nn.Linear; // => true
   * net.getSubmodule('0.7'); // => throws: ValueError: [getSubmodule] there is no module "0.7", "0" has 0
   */
  getSubmodule(path: string): AnyModule {
    const found = typeof path === 'string' ? moduleAt(this, path) : undefined;
    if (found !== undefined) return found;
    throw new ValueError(`[getSubmodule] there is no module ${describe(path)}${nearest(this, path)}`);
  }

  /**
   * The parameter of this name, as `stateDict` has it.
   *
   * @throws ValueError if there is none.
   * @example
   * import { nn } from 'lanegrad';
   * new nn.Sequential(new nn.Linear(3, 2)).getParameter('0.weight').shape; // => [2, 3]
   */
  getParameter(name: string): Parameter {
    const found = stateSlots(this).get(name)?.value;
    if (isParameter(found)) return found;
    throw new ValueError(`[getParameter] there is no parameter ${describe(name)}`);
  }

  /**
   * The parameters and persistent buffers by name, without history. They share storage with the module: clone what must not
   * change as training goes on.
   *
   * @example
   * import { nn } from 'lanegrad';
   * const state = new nn.Linear(3, 2).stateDict();
   * Object.entries(state).map(([name, tensor]) => [name, tensor.shape]); // => [['weight', [2, 3]], ['bias', [2]]]
   */
  stateDict(): StateDict {
    const dict: StateDict = {};
    for (const [name, { value }] of stateSlots(this)) dict[name] = detach(value);
    return dict;
  }

  /**
   * Copies tensors by name into the parameters and buffers, cast to their dtypes; the module's tensors stay the same objects.
   * Nothing is written unless everything fits.
   *
   * @throws ValueError if names are missing or unexpected, unless `strict` is false.
   * @throws ShapeError if shapes differ.
   * @example
   * import { nn } from 'lanegrad';
   * const a = new nn.Linear(3, 2);
   * const b = new nn.Linear(3, 2);
   * b.loadStateDict(a.stateDict()); // => { missing: [], unexpected: [] }
   * b.loadStateDict({ scale: a.weight }); // => throws: missing: weight [2, 3], bias [2]; unexpected: scale [2, 3]
   */
  loadStateDict(dict: StateDict, options: LoadOptions = {}): LoadReport {
    walk(this, (_, path, { pending }) => pending?.prepare((name) => shapeIn(dict, join(path, name))));
    const { copies, report } = planLoad(stateSlots(this), dict, options);
    noGrad(() => {
      for (const [target, source] of copies) backend.runInPlace('copy', [target, source], noAttrs);
    });
    return report;
  }

  /** Sets `training` here and below: batch statistics and dropout. Returns this module. */
  train(mode = true): this {
    if (typeof mode !== 'boolean')
      throw new ValueError(`[train] mode: got ${describe(mode)}, wanted a boolean`);
    for (const module of this.modules()) {
      trainingChanges(module);
      module.training = mode;
    }
    return this;
  }

  /** Clears `training` here and below: running statistics, no dropout. Returns this module. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Converts floating parameters, their gradients and floating buffers to another dtype. Those that change are new tensors:
   * make the optimizer afterwards. Returns this module.
   *
   * @throws DTypeError for a dtype that is not a float.
   * @example
   * import { nn } from 'lanegrad';
   * new nn.Linear(3, 2).to('float64').weight.dtype; // => 'float64'
   */
  to(dtype: FloatDType): this {
    checkDType('to', dtype);
    if (!isFloat(dtype)) throw new DTypeError(`[to] dtype: got ${String(dtype)}, wanted a floating dtype`);
    // Shared tensors stay shared.
    const converted = new Map<Tensor, Tensor>();
    const convert = <T extends Tensor>(slot: Slot<T>, make: (tensor: T) => Tensor): void => {
      const { value } = slot;
      if (!isFloat(value.dtype) || value.dtype === dtype) return;
      const result = converted.get(value) ?? make(value);
      converted.set(value, result);
      replaceIn(slot, result);
      configurationChanged();
    };
    noGrad(() =>
      walk(this, (_, _path, { parameters, buffers, pending }) => {
        pending?.setDType(dtype);
        for (const slot of parameters) convert(slot, (tensor) => convertParameter(tensor, dtype));
        for (const slot of buffers) convert(slot, (tensor) => keep(to(tensor, dtype)));
      }),
    );
    return this;
  }

  /** Calls `fn` with every module below and then with this one, as for a custom initialisation. Returns this module. */
  apply(fn: (module: AnyModule) => void): this {
    checkFunction('apply', fn);
    const seen = new Set<AnyModule>();
    const enter = (module: AnyModule): Contents | undefined => {
      if (seen.has(module)) return undefined;
      seen.add(module);
      return module[contentsOf]();
    };
    descend(this, enter, fn);
    return this;
  }

  /** Drops the gradients of all parameters: `grad` is null afterwards. */
  zeroGrad(): void {
    for (const tensor of this.parameters()) tensor.grad = null;
  }

  /** Sets `requiresGrad` of all parameters; false freezes them. Returns this module. */
  requiresGrad_(value = true): this {
    for (const tensor of this.parameters()) tensor.requiresGrad = value;
    return this;
  }

  /** The number of elements of all parameters, shared ones counted once; with `trainable`, of those not frozen. */
  numParameters(options: { trainable?: boolean } = {}): number {
    checkOptions('numParameters', options);
    const trainable = checkFlag('numParameters', 'trainable', options.trainable);
    return this.parameters().reduce((sum, p) => sum + (trainable && !p.requiresGrad ? 0 : p.numel()), 0);
  }

  /**
   * A table of the layers: the shapes of their outputs, the number and bytes of their own parameters and buffers, and the
   * multiply-adds of linear layers, convolutions and whatever else tells them (`multiplyAdds`). It runs `forward` once, in evaluation mode and without recording. A shape stands for zeros of it in the dtype of the parameters;
   * give a tensor where that does not do, as int64 for an {@link Embedding}.
   *
   * @throws what `forward` throws for these inputs.
   * @example
   * import { nn } from 'lanegrad';
   * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
   * console.log(net.summary([1, 4]));
   */
  summary(...inputs: (readonly number[] | Tensor)[]): string {
    return summarize(this, inputs);
  }

  /**
   * What stands in the parentheses when the module is shown: `name=value` for each public field that is a number, boolean, text
   * or a list of them. A subclass may say something else. PyTorch's `extra_repr`.
   */
  extraRepr(): string {
    return settingsOf(this);
  }

  /** As PyTorch prints it, with what it holds: `Linear(inFeatures=4, outFeatures=2, bias=true)`. */
  toString(): string {
    return moduleText(this);
  }

  /** @internal What console.log shows. */
  [Symbol.for('nodejs.util.inspect.custom')](depth: number | null): string {
    return depth !== null && depth < 0 ? `[${this.constructor.name}]` : moduleText(this);
  }
}

function shapeIn(dict: StateDict, name: string): readonly number[] | undefined {
  if (typeof dict !== 'object' || dict === null || !Object.hasOwn(dict, name)) return undefined;
  const tensor: unknown = dict[name];
  return Handle.is(tensor) ? (tensor as Tensor).shape : undefined;
}

/** For an error: where the path leaves the tree. */
function nearest(root: AnyModule, path: unknown): string {
  let at = typeof path === 'string' ? path : '';
  while (at !== '' && moduleAt(root, at) === undefined) at = at.slice(0, Math.max(at.lastIndexOf('.'), 0));
  const names = moduleAt(root, at)!
    .namedChildren()
    .map(([name]) => name);
  const has = names.length === 0 ? 'no modules' : names.join(', ');
  return `, ${at === '' ? 'this one' : describe(at)} has ${has}`;
}

function convertParameter(tensor: Parameter, dtype: FloatDType): Parameter {
  const result = parameter(to(tensor, dtype), { requiresGrad: tensor.requiresGrad });
  const { grad } = tensor;
  if (grad !== null) result.grad = to(grad, dtype);
  return result;
}
