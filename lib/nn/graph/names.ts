import { describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { AnyModule } from '../module.js';
import { Lambda } from '../shape.js';
import type { Node } from './node.js';

/**
 * What the layers of these nodes are called: as their nodes say, or else by class, counted from the second on. Functions get
 * their names last, so that names of parameters do not hang on those of functions.
 */
export function nameLayers(nodes: readonly Node[]): {
  layers: ReadonlyMap<string, AnyModule>;
  nameOf: ReadonlyMap<AnyModule, string>;
} {
  const nameOf = new Map<AnyModule, string>();
  const owner = new Map<string, AnyModule>();
  const take = (layer: AnyModule, name: string): void => {
    nameOf.set(layer, name);
    owner.set(name, layer);
  };
  for (const { layer, name } of nodes) {
    if (layer === null || name === null || nameOf.has(layer)) continue;
    if (owner.has(name)) throw new ValueError(`[Graph] two layers have the name ${describe(name)}`);
    take(layer, name);
  }
  const unnamed = nodes.flatMap(({ layer }) => (layer === null || nameOf.has(layer) ? [] : [layer]));
  const isFunction = (layer: AnyModule): boolean => layer instanceof Lambda;
  const ordered = [...unnamed.filter((layer) => !isFunction(layer)), ...unnamed.filter(isFunction)];
  for (const layer of ordered) {
    if (nameOf.has(layer)) continue;
    const base = baseName(layer);
    let name = base;
    for (let i = 1; owner.has(name); ++i) name = `${base}_${i}`;
    take(layer, name);
  }
  const layers = new Map<string, AnyModule>();
  for (const { layer } of nodes) if (layer !== null) layers.set(nameOf.get(layer)!, layer);
  return { layers, nameOf };
}

/** The class in PyTorch's way of writing fields, or the name of a function. */
function baseName(layer: AnyModule): string {
  if (layer instanceof Lambda && layer.fn.name !== '') return layer.fn.name.replaceAll('.', '_');
  return layer.constructor.name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase() || 'layer';
}
