import { Handle } from '../backend/backend.js';
import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { AnyModule } from './module.js';
import { isParameter } from './parameter.js';
import type { Parameter } from './parameter.js';

// What modules hold, and the walk through a tree of them.

/** Where a tensor or module was found: `holder[key]`, or a Map's entry, called `name`. */
export interface Slot<T> {
  readonly name: string;
  readonly holder: object;
  readonly key: string;
  readonly value: T;
}

/** Puts another one there. */
export function replaceIn<T>(slot: Slot<T>, value: T): void {
  if (slot.holder instanceof Map) slot.holder.set(slot.key, value);
  else Reflect.set(slot.holder, slot.key, value);
}

export interface BufferSlot extends Slot<Tensor> {
  readonly persistent: boolean;
}

/** A module that learns from its first input how large its parameters are; see lazy.ts. */
export interface Pending {
  /** What an error says who asks for its parameters before. */
  readonly message: string;
  setDType(dtype: Tensor['dtype']): void;
  /** Makes the parameters for a state that is to be loaded; `shapeOf` gives the shape under a name, if it is there. */
  prepare(shapeOf: (name: string) => readonly number[] | undefined): void;
}

/** What one module holds itself, in the order of its fields. */
export interface Contents {
  readonly parameters: readonly Slot<Parameter>[];
  readonly buffers: readonly BufferSlot[];
  readonly modules: readonly Slot<AnyModule>[];
  /** Set while the parameters are not made. */
  readonly pending?: Pending;
}

/** The method of a module that says what it holds. */
export const contentsOf = Symbol('contents of a module');

function isModule(value: object): value is AnyModule {
  return contentsOf in value;
}

/** Reads the fields of a module; `buffers` are those that are buffers, and whether they are persistent. */
export function readContents(
  module: object,
  buffers: ReadonlyMap<string, boolean>,
  nameOf: (field: string) => string,
): Contents {
  const found = { parameters: [] as Slot<Parameter>[], modules: [] as Slot<AnyModule>[] };
  const visit = (name: string, holder: object, key: string, value: object): void => {
    if (isParameter(value)) found.parameters.push({ name, holder, key, value });
    else if (isModule(value)) found.modules.push({ name, holder, key, value });
    else if (Array.isArray(value) || value instanceof Map) {
      for (const [i, entry] of value.entries() as Iterable<[unknown, unknown]>) {
        if (typeof entry === 'object' && entry !== null)
          visit(join(name, String(i)), value, String(i), entry);
      }
    }
  };
  for (const field of Object.keys(module)) {
    const value: unknown = Reflect.get(module, field);
    if (typeof value !== 'object' || value === null || buffers.has(field)) continue;
    visit(nameOf(field), module, field, value);
  }
  const held: BufferSlot[] = [];
  for (const [field, persistent] of buffers) {
    const value: unknown = Reflect.get(module, field);
    if (!Handle.is(value)) continue;
    held.push({ name: nameOf(field), holder: module, key: field, value: value as Tensor, persistent });
  }
  return { ...found, buffers: held };
}

/** A module on the way from the root to where a walk is, and the next of its children to go into. */
interface Level {
  readonly module: AnyModule;
  readonly path: string;
  readonly children: readonly Slot<AnyModule>[];
  next: number;
}

/**
 * Goes through a tree from its root, depth first: `enter` gives what a module holds, or undefined for one not to go into, and
 * `leave` is called when all below was gone through. Without a call for each level: a tree may be deeper than the stack.
 */
export function descend(
  root: AnyModule,
  enter: (module: AnyModule, path: string) => Contents | undefined,
  leave?: (module: AnyModule) => void,
): void {
  const levels: Level[] = [];
  const go = (module: AnyModule, path: string): void => {
    const contents = enter(module, path);
    if (contents !== undefined) levels.push({ module, path, children: contents.modules, next: 0 });
  };
  go(root, '');
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const child = level.children[level.next++];
    if (child !== undefined) go(child.value, join(level.path, child.name));
    else {
      levels.pop();
      leave?.(level.module);
    }
  }
}

/** A module and all below, each once, parents first. */
export function walk(
  root: AnyModule,
  visit: (module: AnyModule, path: string, contents: Contents) => void,
): void {
  const seen = new Set<AnyModule>();
  descend(root, (module, path) => {
    if (seen.has(module)) return undefined;
    seen.add(module);
    const contents = module[contentsOf]();
    visit(module, path, contents);
    return contents;
  });
}

/** The tensors that `pick` takes of each module, each once, with the first of its names. */
export function collectTensors<T extends Tensor>(
  root: AnyModule,
  pick: (contents: Contents) => readonly Slot<T>[],
): [name: string, tensor: T][] {
  const found = new Map<T, string>();
  walk(root, (_, path, contents) => {
    checkMade(path, contents);
    for (const { name, value } of pick(contents)) if (!found.has(value)) found.set(value, join(path, name));
  });
  return Array.from(found, ([tensor, name]) => [name, tensor]);
}

/** Every slot of state by name: parameters, then persistent buffers, then children. Shared ones under each name. */
export function stateSlots(root: AnyModule): Map<string, Slot<Tensor>> {
  const state = new Map<string, Slot<Tensor>>();
  const open = new Set<AnyModule>();
  const enter = (module: AnyModule, path: string): Contents | undefined => {
    // A module that holds its parent: the parent's state is there already.
    if (open.has(module)) return undefined;
    open.add(module);
    const contents = module[contentsOf]();
    checkMade(path, contents);
    for (const slot of contents.parameters) state.set(join(path, slot.name), slot);
    for (const slot of contents.buffers) if (slot.persistent) state.set(join(path, slot.name), slot);
    return contents;
  };
  descend(root, enter, (module) => open.delete(module));
  return state;
}

function checkMade(path: string, { pending }: Contents): void {
  if (pending === undefined) return;
  throw new ValueError(path === '' ? pending.message : pending.message.replace('] ', `] ${path}: `));
}

/** The module at a path of names; undefined where there is none. */
export function moduleAt(root: AnyModule, path: string): AnyModule | undefined {
  // Where to look on, and for what; the first to look at is the last.
  const waiting: [module: AnyModule, path: string][] = [[root, path]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [module, rest] = next;
    if (rest === '') return module;
    for (const { name, value } of module[contentsOf]().modules.toReversed()) {
      if (name === '' || name === rest) waiting.push([value, rest.slice(name.length)]);
      else if (rest.startsWith(`${name}.`)) waiting.push([value, rest.slice(name.length + 1)]);
    }
  }
  return undefined;
}

export function join(path: string, name: string): string {
  if (path === '' || name === '') return path + name;
  return `${path}.${name}`;
}
