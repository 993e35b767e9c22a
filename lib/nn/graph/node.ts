import { checkOptions, describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import type { AnyModule } from '../module.js';
import { Lambda } from '../shape.js';

/** Only for the compiler: what a node stands for. */
declare const value: unique symbol;

/** How many nodes there are. Every node comes after those that it takes, so that a graph has no cycles. */
let made = 0;

/**
 * A value of a {@link Graph} that is not computed yet: what `nn.input` and `nn.node` give. `T` is what it will be.
 */
export interface Node<out T = unknown> {
  readonly [value]: T;
  /** Grows from node to node. */
  readonly order: number;
  /** What computes it; null for an input. */
  readonly layer: AnyModule | null;
  /** What the layer takes. */
  readonly inputs: readonly Node[];
  /** As given. */
  readonly name: string | null;
}

class GraphNode<T> implements Node<T> {
  declare readonly [value]: T;
  readonly order = made++;

  constructor(
    readonly layer: AnyModule | null,
    readonly inputs: readonly Node[],
    readonly name: string | null,
  ) {}
}

export function isNode(value: unknown): value is Node {
  return value instanceof GraphNode;
}

/** One node or a list of them: what a layer takes, and what a graph takes. */
export type Nodes = Node | readonly Node[];

/** What a node stands for. */
export type ValueOf<N> = N extends Node<infer T> ? T : never;

/** What is given to `forward`, one value a node. */
export type ValuesOf<N extends Nodes> = N extends readonly Node[]
  ? { -readonly [I in keyof N]: ValueOf<N[I]> }
  : [ValueOf<N>];

export interface NodeOptions {
  /** In names of parameters and in errors. Default one made of the class or function, as `linear_1`. */
  name?: string;
}

function readName(op: string, options: NodeOptions): string | null {
  checkOptions(op, options, ['name']);
  const { name } = options;
  if (name === undefined) return null;
  if (typeof name === 'string' && name !== '' && !name.includes('.')) return name;
  throw new ValueError(`[${op}] name: got ${describe(name)}, wanted one without a dot`);
}

/** One or several as a list; each must be a node. */
export function listNodes(op: string, what: string, nodes: unknown): readonly Node[] {
  const list: readonly unknown[] = Array.isArray(nodes) ? nodes : [nodes];
  return list.map((each, i) => {
    if (isNode(each)) return each;
    throw new ValueError(`[${op}] ${what} ${i}: got ${describe(each)}, wanted a node (nn.input, nn.node)`);
  });
}

/**
 * A value that is given to a {@link Graph}: a tensor, or what its type argument says. Not in PyTorch; keras.Input.
 *
 * @throws ValueError for a name with a dot.
 * @example
 * import { nn } from 'lanegrad';
 * const image = nn.input({ name: 'image' });
 * const words = nn.input<string[]>({ name: 'words' });
 * [image.name, words.name]; // => ['image', 'words']
 */
export function input<T = Tensor>(options: NodeOptions = {}): Node<T> {
  return new GraphNode<T>(null, [], readName('input', options));
}

/**
 * What a module or a function will give for these nodes, in a {@link Graph}. A module that stands in several nodes is one and
 * shares its parameters. Not in PyTorch.
 *
 * @throws ValueError for what is neither module nor function, for what is no node, or a name with a dot.
 * @example
 * import { add, nn, zeros } from 'lanegrad';
 * const x = nn.input();
 * const hidden = nn.node(new nn.Linear(4, 4), x, { name: 'hidden' });
 * const net = new nn.Graph(x, nn.node(add, [x, hidden]));
 * net.forward(zeros([2, 4])).shape; // => [2, 4]
 */
export function node<const N extends Nodes, Out>(
  layer: Module<ValuesOf<N>, Out>,
  inputs: N,
  options?: NodeOptions,
): Node<Out>;
export function node<const N extends Nodes, Out>(
  layer: (...values: ValuesOf<N>) => Out,
  inputs: N,
  options?: NodeOptions,
): Node<Out>;
export function node(layer: unknown, inputs: unknown, options: NodeOptions = {}): Node {
  const from = listNodes('node', 'input', inputs);
  const name = readName('node', options);
  if (layer instanceof Module) return new GraphNode(layer as AnyModule, from, name);
  if (typeof layer !== 'function' || layer === Module || layer.prototype instanceof Module) {
    throw new ValueError(`[node] layer: got ${describe(layer)}, wanted a module or a function`);
  }
  return new GraphNode(new Lambda(layer as (...values: unknown[]) => unknown), from, name);
}
