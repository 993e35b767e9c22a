import { Seen } from '../backend/configuration.js';
import { checkInt, checkIterable, checkTensor, describe } from '../check.js';
import { IndexError, ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import type { AnyModule } from './module.js';
import { isParameter, parameter } from './parameter.js';
import type { Parameter } from './parameter.js';
import { checkModules, moduleAt } from './sequential.js';
import { contentsOf } from './tree.js';
import type { Contents } from './tree.js';

// Modules that only hold others, or parameters, under PyTorch's names.

/** A module without a `forward` of its own. */
abstract class Container extends Module<never[], never> {
  /** @throws ValueError always. */
  forward(): never {
    throw new ValueError(`[${this.constructor.name}] has no forward: call what it holds`);
  }
}

/**
 * A list of modules that a module holds, called `0`, `1`, ... in names of parameters. It has no `forward` of its own. A plain
 * array in a field does the same; this one is for lists that are passed around.
 *
 * @throws ValueError for what is not a module.
 * @example
 * import { nn } from 'lanegrad';
 * const heads = new nn.ModuleList([new nn.Linear(2, 1), new nn.Linear(2, 1)]);
 * heads.append(new nn.Linear(2, 3));
 * heads.length; // => 3
 */
export class ModuleList<M extends AnyModule = Module> extends Container {
  private readonly list: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  protected override stateName(field: string): string {
    return field === 'list' ? '' : field;
  }

  /** Adds a module at the end. Returns this list. */
  append(module: M): this {
    checkModules('ModuleList', [module]);
    this.list.push(module);
    return this;
  }

  /** Adds modules at the end. Returns this list. */
  extend(modules: Iterable<M>): this {
    checkIterable('ModuleList', 'modules', modules);
    for (const module of modules) this.append(module);
    return this;
  }

  /**
   * Adds a module before the one at `index`, or at the end for the length. Returns this list.
   *
   * @throws IndexError for an index beyond the length.
   */
  insert(index: number, module: M): this {
    checkInt('ModuleList', 'index', index);
    checkModules('ModuleList', [module]);
    if (index < 0 || index > this.list.length) {
      throw new IndexError(`[ModuleList] index: got ${index} for ${this.list.length} modules`);
    }
    this.list.splice(index, 0, module);
    return this;
  }

  /** The number of modules. */
  get length(): number {
    return this.list.length;
  }

  /**
   * One module; negative counts from the end.
   *
   * @throws IndexError if there is none.
   */
  at(index: number): M {
    return moduleAt('ModuleList', this.list, index);
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.list[Symbol.iterator]();
  }
}

/** A name that can stand between dots. */
function checkName(op: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.includes('.')) {
    throw new ValueError(`[${op}] name: got ${describe(name)}, wanted one without a dot`);
  }
}

/** What the containers by name share. */
abstract class NamedContainer<T extends Readonly<Record<string, unknown>>> extends Container {
  protected readonly entriesByName = new Map<string, T[keyof T]>();
  readonly #seen = new Seen();

  protected override stateName(field: string): string {
    return field === 'entriesByName' ? '' : field;
  }

  /** Puts one in, or in the place of another. Returns this container. */
  abstract set<K extends keyof T & string>(name: K, value: T[K]): this;

  /** @internal */
  override [contentsOf](): Contents {
    this.#seen.look();
    return super[contentsOf]();
  }

  get #read(): Map<string, T[keyof T]> {
    this.#seen.look();
    return this.entriesByName;
  }

  /** What was checked, under its name. */
  protected put(name: string, value: T[keyof T]): this {
    this.entriesByName.set(name, value);
    this.#seen.changed();
    return this;
  }

  /**
   * What is called `name`.
   *
   * @throws IndexError if there is none.
   */
  get<K extends keyof T & string>(name: K): T[K] {
    const found = this.#read.get(name);
    if (found === undefined) {
      const names = [...this.#read.keys()].join(', ');
      throw new IndexError(`[${this.constructor.name}] name: got ${describe(name)}, wanted one of ${names}`);
    }
    return found as T[K];
  }

  /** Whether there is one of that name. */
  has(name: string): boolean {
    return this.#read.has(name);
  }

  /** Takes one out; says whether it was there. */
  delete(name: string): boolean {
    const was = this.entriesByName.delete(name);
    if (was) this.#seen.changed();
    return was;
  }

  /** How many there are. */
  get size(): number {
    return this.#read.size;
  }

  /** The names, in the order in which they came. */
  keys(): IterableIterator<keyof T & string> {
    return this.#read.keys();
  }

  /** What is there, in order. */
  values(): IterableIterator<T[keyof T]> {
    return this.#read.values();
  }

  /** Names with what they stand for, in order. */
  entries(): IterableIterator<[keyof T & string, T[keyof T]]> {
    return this.#read.entries();
  }

  [Symbol.iterator](): IterableIterator<[keyof T & string, T[keyof T]]> {
    return this.entries();
  }
}

/**
 * Modules by name, which names of parameters show (`heads.left.weight`). It has no `forward` of its own. A Map in a field does
 * the same; this one knows the types by name.
 *
 * @throws ValueError for what is not a module, or a name with a dot.
 * @example
 * import { nn } from 'lanegrad';
 * const heads = new nn.ModuleDict({ left: new nn.Linear(2, 1), right: new nn.Bilinear(2, 2, 1) });
 * heads.get('right').in2Features; // => 2
 * Object.keys(heads.stateDict()); // => ['left.weight', 'left.bias', 'right.weight', 'right.bias']
 */
export class ModuleDict<
  T extends Readonly<Record<string, AnyModule>> = Readonly<Record<string, Module>>,
> extends NamedContainer<T> {
  constructor(modules?: T) {
    super();
    for (const [name, module] of Object.entries(modules ?? {})) this.set(name, module as T[string]);
  }

  /**
   * Puts a module in, or in the place of another. Returns this container.
   *
   * @throws ValueError for what is not a module, or a name with a dot.
   */
  set<K extends keyof T & string>(name: K, module: T[K]): this {
    checkName('ModuleDict', name);
    if (!(module instanceof Module)) {
      throw new ValueError(`[ModuleDict] ${name}: got ${describe(module)}, wanted a module`);
    }
    return this.put(name, module);
  }
}

/** A tensor as a parameter; one that is a parameter stays the same. */
function asParameter(op: string, name: string, value: Tensor): Parameter {
  checkTensor(op, name, value);
  return isParameter(value) ? value : parameter(value);
}

/**
 * A list of parameters that a module holds, called `0`, `1`, ... in names. Tensors become parameters. A plain array of
 * parameters in a field does the same.
 *
 * @throws DTypeError for what is not a floating tensor.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const scales = new nn.ParameterList([ones([2]), ones([3])]);
 * scales.at(-1).shape; // => [3]
 * Object.keys(scales.stateDict()); // => ['0', '1']
 */
export class ParameterList extends Container {
  private readonly list: Parameter[] = [];

  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  protected override stateName(field: string): string {
    return field === 'list' ? '' : field;
  }

  /** Adds a parameter at the end. Returns this list. */
  append(value: Tensor): this {
    this.list.push(asParameter('ParameterList', String(this.list.length), value));
    return this;
  }

  /** Adds parameters at the end. Returns this list. */
  extend(values: Iterable<Tensor>): this {
    checkIterable('ParameterList', 'values', values);
    for (const value of values) this.append(value);
    return this;
  }

  /** The number of parameters. */
  get length(): number {
    return this.list.length;
  }

  /**
   * One parameter; negative counts from the end.
   *
   * @throws IndexError if there is none.
   */
  at(index: number): Parameter {
    return moduleAt('ParameterList', this.list, index, 'parameters');
  }

  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.list[Symbol.iterator]();
  }
}

/**
 * Parameters by name. Tensors become parameters.
 *
 * @throws DTypeError for what is not a floating tensor.
 * @throws ValueError for a name with a dot.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const scales = new nn.ParameterDict({ left: ones([2]), right: ones([3]) });
 * scales.get('left').requiresGrad; // => true
 * Object.keys(scales.stateDict()); // => ['left', 'right']
 */
export class ParameterDict extends NamedContainer<Readonly<Record<string, Parameter>>> {
  constructor(values: Readonly<Record<string, Tensor>> = {}) {
    super();
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  /**
   * Puts a parameter in, or in the place of another. Returns this container.
   *
   * @throws DTypeError for what is not a floating tensor.
   * @throws ValueError for a name with a dot.
   */
  set(name: string, value: Tensor): this {
    checkName('ParameterDict', name);
    return this.put(name, asParameter('ParameterDict', name, value));
  }
}
