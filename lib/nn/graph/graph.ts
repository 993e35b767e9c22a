import { describe } from '../../check.js';
import { ValueError } from '../../errors.js';
import { scoped } from '../../scope.js';
import { Module } from '../module.js';
import type { AnyModule } from '../module.js';
import { Lambda } from '../shape.js';
import { nameLayers } from './names.js';
import { isNode, listNodes } from './node.js';
import type { Node, Nodes, ValueOf, ValuesOf } from './node.js';

/** What a graph gives: one node, a list, or a record. */
export type GraphOutputs = Nodes | Readonly<Record<string, Node>>;

/** What `forward` of a graph with these outputs gives: one value, a list or a record of them. */
export type GraphResult<O extends GraphOutputs> = O extends Node
  ? ValueOf<O>
  : { -readonly [K in keyof O]: ValueOf<O[K]> };

/** One layer applied: where its inputs and its result stand among the values of a run. */
interface Step {
  readonly name: string;
  readonly from: readonly number[];
  readonly to: number;
}

/**
 * A model that is a graph of layers, with any number of inputs and outputs, skips and shared layers: it takes values for
 * `inputs` and computes `outputs`. Types follow: `forward` takes and gives what the nodes stand for. Not in PyTorch, where it is
 * a class with a `forward` of its own; keras.Model(inputs, outputs).
 *
 * Nodes come from `nn.input` and `nn.node`. An input may be any node: the graph is then what follows it. Layers are called by
 * the names of their nodes, or else by their class in the order in which the nodes were made (`linear`, `linear_1`); give names
 * where a state is saved and the graph may change. A layer in several nodes is called by the first that has a name. Functions
 * are layers too, without parameters. Tensors between the layers are released when it returns; what a layer stores in a field
 * needs {@link keep}.
 *
 * @throws ValueError for what is no node, an input that leads to no output, an output that needs an input that is not
 * given, or two layers of one name; from `forward`, for another number of inputs.
 * @example
 * import { add, cat, nn, zeros } from 'lanegrad';
 * const image = nn.input({ name: 'image' });
 * const context = nn.input({ name: 'context' });
 * const hidden = nn.node(new nn.Linear(8, 8), image, { name: 'hidden' });
 * const skip = nn.node(add, [image, hidden]);
 * const both = nn.node((a, b) => cat([a, b], 1), [skip, context]);
 * const net = new nn.Graph([image, context], {
 *   classes: nn.node(new nn.Linear(10, 3), both, { name: 'classes' }),
 *   hidden,
 * });
 * const { classes } = net.forward(zeros([5, 8]), zeros([5, 2]));
 * classes.shape; // => [5, 3]
 * Object.keys(net.stateDict()); // => ['hidden.weight', 'hidden.bias', 'classes.weight', 'classes.bias']
 */
export class Graph<const I extends Nodes, const O extends GraphOutputs> extends Module<
  ValuesOf<I>,
  GraphResult<O>
> {
  /** The layers by name, in the order in which they run. */
  readonly layers: ReadonlyMap<string, AnyModule>;
  readonly #labels: readonly string[];
  readonly #steps: readonly Step[];
  readonly #collect: (values: readonly unknown[]) => unknown;

  constructor(inputs: I, outputs: O) {
    super();
    const given = listNodes('Graph', 'input', inputs);
    const wanted = listOutputs(outputs);
    given.forEach((node, i) => {
      if (given.indexOf(node) !== i) throw new ValueError(`[Graph] input ${i}: got the same node twice`);
    });
    const nodes = nodesBetween(given, wanted);
    const { layers, nameOf } = nameLayers(nodes);
    this.layers = layers;
    this.#labels = given.map((node, i) => node.name ?? `input ${i}`);
    const places = new Map([...given, ...nodes].map((node, place) => [node, place]));
    const placeOf = (node: Node): number => places.get(node)!;
    this.#steps = nodes.map((node) => ({
      name: nameOf.get(node.layer!)!,
      from: node.inputs.map(placeOf),
      to: placeOf(node),
    }));
    this.#collect = collector(outputs, placeOf);
  }

  protected override stateName(field: string): string {
    return field === 'layers' ? '' : field;
  }

  forward(...inputs: ValuesOf<I>): GraphResult<O> {
    const values: unknown[] = [...inputs];
    if (values.length !== this.#labels.length) {
      throw new ValueError(
        `[Graph] got ${values.length} inputs, wanted ${this.#labels.length}: ${this.#labels.join(', ')}`,
      );
    }
    return scoped(() => {
      for (const { name, from, to } of this.#steps) {
        values[to] = this.layers.get(name)!.forward(...(from.map((place) => values[place]) as never));
      }
      return this.#collect(values) as GraphResult<O>;
    });
  }
}

/** The nodes of one output, of a list or of a record. */
function listOutputs(outputs: unknown): readonly Node[] {
  const many = typeof outputs === 'object' && outputs !== null && !isNode(outputs);
  if (!many) return listNodes('Graph', 'output', outputs);
  const entries = Object.entries(outputs);
  if (entries.length === 0) throw new ValueError('[Graph] outputs: got none, wanted one node or more');
  return entries.map(([name, each]: [string, unknown]) => {
    if (isNode(each)) return each;
    throw new ValueError(`[Graph] output ${name}: got ${describe(each)}, wanted a node (nn.input, nn.node)`);
  });
}

/** Puts the values in the form that the outputs were given in. */
function collector(
  outputs: GraphOutputs,
  placeOf: (node: Node) => number,
): (values: readonly unknown[]) => unknown {
  if (isNode(outputs)) {
    const place = placeOf(outputs);
    return (values) => values[place];
  }
  const places = Object.entries(outputs).map(
    ([name, node]: [string, Node]) => [name, placeOf(node)] as const,
  );
  if (Array.isArray(outputs)) return (values) => places.map(([, place]) => values[place]);
  return (values) => Object.fromEntries(places.map(([name, place]) => [name, values[place]]));
}

/** What is to be computed from the inputs for the outputs, each after those that it takes. */
function nodesBetween(given: readonly Node[], wanted: readonly Node[]): readonly Node[] {
  const found = new Set<Node>();
  const open = [...wanted];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    if (given.includes(node)) continue;
    if (node.layer === null) throw missingInput(node, found);
    open.push(...node.inputs);
  }
  given.forEach((node, i) => {
    if (!found.has(node)) throw new ValueError(`[Graph] ${labelOf(node, i)} leads to no output`);
  });
  return [...found].filter((node) => !given.includes(node)).sort((a, b) => a.order - b.order);
}

function labelOf(node: Node, i: number): string {
  return node.name === null ? `input ${i}` : `input ${i}, ${describe(node.name)},`;
}

/** An input that is not among those given, with a node that takes it. */
function missingInput(node: Node, found: ReadonlySet<Node>): ValueError {
  const user = [...found].find((each) => each.inputs.includes(node));
  const what = node.name === null ? 'an input without a name' : `the input ${describe(node.name)}`;
  const needs = user === undefined ? 'an output is' : `${userName(user)} takes`;
  return new ValueError(`[Graph] ${needs} ${what}, which is not among the inputs of the graph`);
}

function userName({ name, layer }: Node): string {
  if (name !== null) return name;
  return layer instanceof Lambda ? layer.fn.name || 'a function' : layer!.constructor.name;
}
