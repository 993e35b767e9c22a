import { Handle } from '../backend/backend.js';
import { checkShape, shapeText } from '../check.js';
import { itemSize } from '../dtype.js';
import type { DType } from '../dtype.js';
import { noGrad } from '../grad-mode.js';
import { zeros } from '../ops/creation.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { addHook } from './hooks.js';
import type { AnyModule, LayerShapes } from './module.js';
import { contentsOf } from './tree.js';

interface Output {
  readonly text: string;
  readonly bytes: number;
}

/** What one forward showed of a module. */
interface Observed {
  /** Of the last call. */
  readonly output: Output;
  /** Of all calls. */
  readonly multiplyAdds: number;
}

/** See {@link Module.summary}. */
export function summarize(root: AnyModule, inputs: readonly (readonly number[] | Tensor)[]): string {
  // Lazy modules make their layers in a first run, of which nothing else is wanted.
  if (root.modules().some((module) => module[contentsOf]().pending !== undefined)) observe(root, inputs);
  const outputs = observe(root, inputs);
  const modules = root.namedModules();
  const counted = new Set<Tensor>();
  const rows: string[][] = [['Layer', 'Output shape', 'Parameters', 'Bytes', 'Multiply-adds']];
  let leafBytes = 0;
  let products = 0;
  for (const [name, module] of modules) {
    const { output, multiplyAdds = 0 } = outputs.get(module) ?? {};
    products += multiplyAdds;
    // Containers give what their last layer gives.
    if (module.children().length === 0) leafBytes += output?.bytes ?? 0;
    const own = ownTensors(module, counted);
    const depth = name === '' ? 0 : name.split('.').length;
    const label = name === '' ? module.constructor.name : `${name}: ${module.constructor.name}`;
    rows.push([
      '  '.repeat(depth) + label,
      output?.text ?? '-',
      own.tensors === 0 ? '-' : grouped(own.parameters),
      own.tensors === 0 ? '-' : grouped(own.bytes),
      multiplyAdds === 0 ? '-' : grouped(multiplyAdds),
    ]);
  }
  const parameters = root.parameters();
  const trainable = root.numParameters({ trainable: true });
  const stateBytes = bytesOf(parameters) + bytesOf(root.buffers());
  return [
    ...layOut(rows),
    `${grouped(root.numParameters())} parameters, ${grouped(trainable)} trainable; ` +
      `${grouped(stateBytes)} bytes with buffers; outputs ${grouped(leafBytes)} bytes; ` +
      `${grouped(products)} multiply-adds`,
  ].join('\n');
}

/** The outputs of every module during one forward. */
function observe(
  root: AnyModule,
  inputs: readonly (readonly number[] | Tensor)[],
): ReadonlyMap<AnyModule, Observed> {
  const outputs = new Map<AnyModule, Observed>();
  const modules = root.modules();
  const modes = modules.map((module) => module.training);
  const hooks = modules.map((module) =>
    addHook(
      'summary',
      module,
      'forward',
      (_: AnyModule, values: unknown, output: unknown) => {
        const shapes: LayerShapes = { inputs: shapesIn(values), outputs: shapesIn(output) };
        const before = outputs.get(module)?.multiplyAdds ?? 0;
        outputs.set(module, {
          output: describeOutput(output),
          multiplyAdds: before + module.multiplyAdds(shapes),
        });
      },
      {},
    ),
  );
  root.eval();
  try {
    const dtype = firstDType(root);
    noGrad(() =>
      scoped(() => {
        const values = inputs.map((input) =>
          Handle.is(input) ? input : zeros(checkShape('summary', input), { dtype }),
        );
        (root.forward as (...values: unknown[]) => unknown)(...values);
      }),
    );
  } finally {
    for (const hook of hooks) hook.remove();
    modules.forEach((module, i) => (module.training = modes[i]!));
  }
  return outputs;
}

/** Of the first parameter there is; those of lazy modules are made by this very run. */
function firstDType(root: AnyModule): DType {
  for (const module of root.modules()) {
    const { parameters } = module[contentsOf]();
    if (parameters[0] !== undefined) return parameters[0].value.dtype;
  }
  return 'float32';
}

/** The shapes of the tensors in arrays and records. */
function shapesIn(value: unknown): (readonly number[])[] {
  if (Handle.is(value)) return [(value as Tensor).shape];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(shapesIn) : [];
}

function describeOutput(value: unknown): Output {
  if (Handle.is(value)) {
    const tensor = value as Tensor;
    return { text: shapeText(tensor.shape), bytes: bytesOf([tensor]) };
  }
  if (typeof value !== 'object' || value === null) return { text: typeof value, bytes: 0 };
  const parts = Object.values(value).map(describeOutput);
  return {
    text: parts.map((part) => part.text).join(', '),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
  };
}

/** Parameters and buffers that are the module's own and that no earlier module had. */
function ownTensors(module: AnyModule, counted: Set<Tensor>) {
  const below = new Set<Tensor>();
  for (const child of module.children()) {
    for (const tensor of [...child.parameters(), ...child.buffers()]) below.add(tensor);
  }
  const fresh = (tensor: Tensor) => !below.has(tensor) && !counted.has(tensor);
  const parameters = module.parameters().filter(fresh);
  const buffers = module.buffers().filter(fresh);
  for (const tensor of [...parameters, ...buffers]) counted.add(tensor);
  return {
    tensors: parameters.length + buffers.length,
    parameters: parameters.reduce((sum, tensor) => sum + tensor.numel(), 0),
    bytes: bytesOf(parameters) + bytesOf(buffers),
  };
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + tensor.numel() * itemSize(tensor.dtype), 0);
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** Columns as wide as their longest cell, names to the left and numbers to the right, with rules around the body. */
function layOut(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  const rule = '-'.repeat(lines[0]!.length);
  return [lines[0]!, rule, ...lines.slice(1), rule];
}
