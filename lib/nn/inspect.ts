import { Handle } from '../backend/backend.js';
import { shapeText } from '../check.js';
import { DisposedError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import type { AnyModule } from './module.js';
import { contentsOf } from './tree.js';

// Modules as text: one line for each, what it holds indented below, and its settings in parentheses.

/** A setting as it would be written; undefined for what is none. */
function settingText(value: unknown): string | undefined {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (!Array.isArray(value)) return undefined;
  const entries = value.map(settingText);
  return entries.includes(undefined) ? undefined : `[${entries.join(', ')}]`;
}

/** The public fields of a module that are settings, and whether there is a bias. */
export function settingsOf(module: object): string {
  const settings: string[] = [];
  for (const [field, value] of Object.entries(module)) {
    if (field === 'training') continue;
    // Whether there is one is all that a layer was told of it.
    const isBias = field === 'bias' && (value === null || Handle.is(value));
    const text = isBias ? String(value !== null) : settingText(value);
    // What is empty is a list of parts.
    if (text !== undefined && text !== '[]') settings.push(`${field}=${text}`);
  }
  return settings.join(', ');
}

interface Part {
  readonly name: string;
  readonly text: string;
}

/** Parts that are the same and follow each other in a list, in one line: `(0-2): 3 x Linear(...)`. */
function joined(parts: readonly Part[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < parts.length;) {
    const { name, text } = parts[i]!;
    const at = /^(.*\.)?(\d+)$/.exec(name);
    let count = 1;
    if (at !== null) {
      const next = (): string => `${at[1] ?? ''}${Number(at[2]) + count}`;
      while (parts[i + count]?.text === text && parts[i + count]!.name === next()) count += 1;
    }
    const last = at === null || count === 1 ? '' : `-${Number(at[2]) + count - 1}`;
    lines.push(`(${name}${last}): ${count > 1 ? `${count} x ` : ''}${text}`);
    i += count;
  }
  return lines;
}

/** Looking at a parameter that was freed is no error. */
function outline(tensor: Tensor): string {
  try {
    return `parameter(${tensor.dtype} ${shapeText(tensor.shape)})`;
  } catch (error) {
    if (error instanceof DisposedError) return 'parameter(<disposed>)';
    throw error;
  }
}

/** Levels that are shown: each indents all below. */
const mostLevels = 100;

/** A module as PyTorch prints it. Looking at it is no error, whatever it is made of. */
export function moduleText(module: AnyModule, open: ReadonlySet<object> = new Set()): string {
  const { name } = module.constructor;
  // A module that holds its parent.
  if (open.has(module) || open.size === mostLevels) return `${name}(...)`;
  try {
    return partsText(name, module, new Set(open).add(module));
  } catch (error) {
    return `${name}(${errorText(error)})`;
  }
}

/** What stands where something should be that could not be read: of a getter, or an `extraRepr`, that throws. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `<${error.name}: ${error.message}>` : '<error>';
}

function partsText(name: string, module: AnyModule, inside: ReadonlySet<object>): string {
  const { parameters, modules } = module[contentsOf]();
  const parts: Part[] = [];
  for (const { name: called, holder, value } of parameters) {
    // Parameters in fields are part of what a layer is; those in lists are what it holds.
    if (holder !== module) parts.push({ name: called, text: outline(value) });
  }
  for (const { name: called, value } of modules)
    parts.push({ name: called, text: moduleText(value, inside) });
  const settings = module.extraRepr();
  if (parts.length === 0) return `${name}(${settings})`;
  const lines = (settings === '' ? [] : [settings]).concat(joined(parts));
  return `${name}(\n${lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}\n`).join('')})`;
}
