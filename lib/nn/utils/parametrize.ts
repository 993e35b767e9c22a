import { checkFlag, checkOptions, describe, shapeText } from '../../check.js';
import { ValueError } from '../../errors.js';
import { noGrad } from '../../grad-mode.js';
import { clone, detach } from '../../ops/convert.js';
import { checkFunction, keep, synchronous } from '../../scope.js';
import type { Synchronous } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import type { AnyModule } from '../module.js';
import { isParameter, parameter } from '../parameter.js';
import type { Parameter } from '../parameter.js';
import { contentsOf } from '../tree.js';
import { noteParameters } from '../parameter-fields.js';

/**
 * What computes a parameter from others: `forward` takes what is learnt and gives the parameter, `rightInverse`, if there is
 * one, the other way.
 */
export interface Parametrization<Originals extends Tensor[] = Tensor[]> extends Module<Originals> {
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

/** The parametrizations of one parameter, one after the other, and what they start from. */
export class ParametrizationList extends Module<[]> {
  private readonly list: Parametrization[] = [];
  /** Fields of this module: `original`, or `original0`, `original1`, ... */
  readonly #originals: readonly string[];

  /** @internal */
  constructor(first: Parametrization, value: Parameter) {
    super();
    const inverse: Tensor | readonly Tensor[] = first.rightInverse
      ? noGrad(() => first.rightInverse!(value))
      : value;
    const originals = Array.isArray(inverse) ? (inverse as readonly Tensor[]) : [inverse as Tensor];
    this.#originals = Array.isArray(inverse) ? originals.map((_, i) => `original${i}`) : ['original'];
    const { requiresGrad } = value;
    originals.forEach((original, i) => {
      // What the inverse gives may be the parameter itself, which then stays the one that is learnt.
      const own = isParameter(original) ? original : parameter(detached(original), { requiresGrad });
      Reflect.set(this, this.#originals[i]!, own);
    });
    this.list.push(first);
  }

  protected override stateName(field: string): string {
    return field === 'list' ? '' : field;
  }

  /** What is learnt. */
  originals(): Parameter[] {
    return this.#originals.map((field) => Reflect.get(this, field) as Parameter);
  }

  append(next: Parametrization): void {
    this.list.push(next);
  }

  /** The parameter. */
  forward(): Tensor {
    const [first, ...rest] = this.list;
    let value = first!.forward(...this.originals());
    for (const each of rest) value = each.forward(value);
    return value;
  }

  /** Sets what is learnt so that the parameter is `value`. */
  assign(value: Tensor): void {
    noGrad(() => {
      let back: Tensor | readonly Tensor[] = value;
      for (const each of [...this.list].reverse()) {
        if (each.rightInverse === undefined) {
          throw new ValueError(
            `[parametrize] ${each.constructor.name} has no rightInverse, so that its parameter cannot be assigned`,
          );
        }
        back = each.rightInverse(back as Tensor);
      }
      const values = Array.isArray(back) ? (back as readonly Tensor[]) : [back as Tensor];
      this.originals().forEach((original, i) => original.copy_(values[i]!));
    });
  }
}

/** A module's parametrizations, under the names of the parameters. */
class Parametrizations extends Module<never[], never> {
  forward(): never {
    throw new ValueError('[parametrize] a list of parametrizations has no forward');
  }
}

function detached(tensor: Tensor): Tensor {
  return noGrad(() => clone(detach(tensor)));
}

let cache: Map<ParametrizationList, Tensor> | undefined;

function valueOf(list: ParametrizationList): Tensor {
  if (cache === undefined) return list.forward();
  let value = cache.get(list);
  if (value === undefined) cache.set(list, (value = keep(list.forward())));
  return value;
}

/**
 * Runs `fn`, in which each parametrized parameter is computed once, however often it is read. Parameters must not change
 * inside. Synchronous only.
 *
 * @throws ValueError if `fn` returns a promise.
 * @example
 * import { nn, ones } from 'lanegrad';
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
 * nn.utils.parametrize.cached(() => layer.weight === layer.weight); // => true
 * layer.weight === layer.weight; // => false
 */
export function cached<T>(fn: () => Synchronous<T>): T {
  checkFunction('cached', fn);
  const outer = cache;
  cache ??= new Map();
  try {
    return synchronous<T>('cached', fn());
  } finally {
    cache = outer;
  }
}

/** The list of a parameter, by its field or its name in the state, and the field. */
function find(module: AnyModule, name: string): { list: ParametrizationList; field: string } | undefined {
  const holder: unknown = Reflect.get(module, 'parametrizations');
  if (!(holder instanceof Parametrizations)) return undefined;
  const field = fieldNames.get(holder)?.get(name);
  if (field === undefined) return undefined;
  const list: unknown = Reflect.get(holder, field.state);
  return list instanceof ParametrizationList ? { list, field: field.field } : undefined;
}

interface Names {
  readonly field: string;
  readonly state: string;
}

const fieldNames = new WeakMap<Parametrizations, Map<string, Names>>();

/**
 * Has a parameter computed from what is learnt instead: reading the field runs the parametrization, and the optimizer sees
 * `parametrizations.weight.original`, as in PyTorch (several originals are `original0`, `original1`, ...). A second one is
 * applied to the result of the first. Make the optimizer afterwards. Returns the module.
 *
 * @throws ValueError if the module has no such parameter, or the parametrization gives another shape or dtype.
 * @example
 * import { nn, type Tensor } from 'lanegrad';
 * class Symmetric extends nn.Module {
 *   forward(x: Tensor): Tensor {
 *     return x.triu().add(x.triu({ diagonal: 1 }).t());
 *   }
 * }
 * const layer = new nn.Linear(3, 3);
 * nn.utils.parametrize.registerParametrization(layer, 'weight', new Symmetric());
 * layer.weight.equal(layer.weight.t()); // => true
 * Object.keys(layer.stateDict()); // => ['bias', 'parametrizations.weight.original']
 */
export function registerParametrization<M extends AnyModule>(
  module: M,
  name: string,
  parametrization: Parametrization,
): M {
  const op = 'registerParametrization';
  checkModule(op, module);
  if (!((parametrization as unknown) instanceof Module)) {
    throw new ValueError(`[${op}] parametrization: got ${describe(parametrization)}, wanted a module`);
  }
  const known = find(module, name);
  if (known !== undefined) {
    checkResult(op, parametrization, valueOf(known.list), [valueOf(known.list)]);
    known.list.append(parametrization);
    return module;
  }
  const slot = module[contentsOf]().parameters.find(
    (each) => each.holder === module && (each.key === name || each.name === name),
  );
  if (slot === undefined) {
    throw new ValueError(`[${op}] ${module.constructor.name} has no parameter ${describe(name)}`);
  }
  const list = new ParametrizationList(parametrization, slot.value);
  list.training = module.training;
  checkResult(op, parametrization, slot.value, list.originals());
  install(module, { field: slot.key, state: slot.name }, list);
  return module;
}

function checkResult(
  op: string,
  parametrization: Parametrization,
  former: Tensor,
  originals: readonly Tensor[],
): void {
  const value = noGrad(() => parametrization.forward(...originals));
  if (shapeText(value.shape) === shapeText(former.shape) && value.dtype === former.dtype) return;
  throw new ValueError(
    `[${op}] ${parametrization.constructor.name} gives ${value.dtype} ${shapeText(value.shape)}, ` +
      `wanted ${former.dtype} ${shapeText(former.shape)} as the parameter`,
  );
}

function install(module: AnyModule, names: Names, list: ParametrizationList): void {
  const found: unknown = Reflect.get(module, 'parametrizations');
  const holder = found instanceof Parametrizations ? found : new Parametrizations();
  holder.training = module.training;
  Reflect.set(module, 'parametrizations', holder);
  Reflect.set(holder, names.state, list);
  const byName = fieldNames.get(holder) ?? new Map<string, Names>();
  fieldNames.set(holder, byName.set(names.field, names).set(names.state, names));
  Object.defineProperty(module, names.field, {
    configurable: true,
    // Not a parameter of the module any more.
    enumerable: false,
    get: () => valueOf(list),
    set: (value: Tensor) => list.assign(value),
  });
  module[noteParameters]();
}

export interface RemoveParametrizationsOptions {
  /** Whether the parameter keeps the value that was computed; else that of `original`. Default true. */
  leaveParametrized?: boolean;
}

/**
 * Makes a parametrized parameter an ordinary one again: a new one, so make the optimizer afterwards. Returns the module.
 *
 * @throws ValueError if it is not parametrized; without `leaveParametrized` if it has several originals.
 * @example
 * import { nn } from 'lanegrad';
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
 * nn.utils.parametrize.removeParametrizations(layer, 'weight');
 * Object.keys(layer.stateDict()); // => ['weight', 'bias']
 */
export function removeParametrizations<M extends AnyModule>(
  module: M,
  name: string,
  options: RemoveParametrizationsOptions = {},
): M {
  const op = 'removeParametrizations';
  checkModule(op, module);
  checkOptions(op, options, ['leaveParametrized']);
  const { leaveParametrized = true } = options;
  const found = find(module, name);
  if (found === undefined) throw new ValueError(`[${op}] ${describe(name)} is not parametrized`);
  const { list, field } = found;
  const originals = list.originals();
  let value: Parameter;
  if (checkFlag(op, 'leaveParametrized', leaveParametrized)) {
    const { requiresGrad } = originals[0]!;
    value = parameter(detached(noGrad(() => list.forward())), { requiresGrad });
  } else {
    if (originals.length > 1) {
      throw new ValueError(
        `[${op}] leaveParametrized: got false for ${originals.length} originals, wanted one`,
      );
    }
    value = originals[0]!;
  }
  Object.defineProperty(module, field, { configurable: true, enumerable: true, writable: true, value });
  const holder = Reflect.get(module, 'parametrizations') as Parametrizations;
  const byName = fieldNames.get(holder)!;
  const { state } = byName.get(name)!;
  byName.delete(field);
  byName.delete(state);
  Reflect.deleteProperty(holder, state);
  if (byName.size === 0) Reflect.deleteProperty(module, 'parametrizations');
  module[noteParameters]();
  return module;
}

/**
 * Whether a parameter of a module, or any if no name is given, is parametrized.
 *
 * @example
 * import { nn } from 'lanegrad';
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
 * nn.utils.parametrize.isParametrized(layer); // => true
 * nn.utils.parametrize.isParametrized(layer, 'bias'); // => false
 */
export function isParametrized(module: AnyModule, name?: string): boolean {
  checkModule('isParametrized', module);
  if (name !== undefined) return find(module, name) !== undefined;
  return Reflect.get(module, 'parametrizations') instanceof Parametrizations;
}

function checkModule(op: string, module: unknown): void {
  if (!(module instanceof Module))
    throw new ValueError(`[${op}] module: got ${describe(module)}, wanted a module`);
}
