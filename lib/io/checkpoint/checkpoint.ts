import { Handle } from '../../backend/backend.js';
import { checkFlag, checkOptions, describe } from '../../check.js';
import { FormatError, ValueError } from '../../errors.js';
import { getRngState, setRngState } from '../../generator.js';
import { noGrad } from '../../grad-mode.js';
import type { StateDict } from '../../nn/state-dict.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { inspectSafetensors, loadSafetensors } from '../safetensors/load.js';
import { saveSafetensors } from '../safetensors/save.js';
import { packTree, tensorNames, unpackTree } from './tree.js';
import type { CheckpointValue } from './tree.js';

/** What a checkpoint can keep: a module, an optimizer, a schedule, an average of a model, or anything else that has these. */
export interface Stateful {
  /** Plain data with tensors in it. */
  stateDict(): object;
  /** Takes over, by copy, what `stateDict` gave. */
  loadStateDict(state: never): unknown;
}

export interface SaveCheckpointOptions {
  /** Plain data to keep beside the parts, tensors in it if need be: the epoch, losses so far, options. Default {}. */
  metadata?: Readonly<Record<string, CheckpointValue | undefined>>;
}

export interface LoadCheckpointOptions {
  /** Whether every part of the file must be asked for. Default true. */
  strict?: boolean;
  /** Whether random numbers go on from where they stood. Default true. */
  generator?: boolean;
}

/** What a checkpoint keeps beside its parts. */
export interface Checkpoint {
  readonly metadata: Readonly<Record<string, CheckpointValue | undefined>>;
}

/** The key of the safetensors metadata that has the data which are no tensors. */
const key = 'lanegrad.checkpoint';
const generatorName = 'rngState';

/**
 * Writes all that a training needs to go on to one safetensors file: the state of each part (model, optimizer, schedule, ...),
 * that of the generator of random numbers, and plain data. A training that loads it goes on to the bit as if it had never
 * stopped.
 *
 * The tensors stand under the names of the parts (`model.0.weight`, `optimizer.state.0.expAvg`), for any program that reads
 * safetensors. The file is written as {@link saveSafetensors} does: whoever is killed leaves the old file or the new one.
 *
 * @param parts By the names that `loadCheckpoint` will have for them.
 * @throws ValueError for a part without a state, data that is not plain, or a path of a folder.
 * @throws Node's own error for a file that cannot be written.
 * @example
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { io, nn, optim } from 'lanegrad';
 * const file = join(mkdtempSync(join(tmpdir(), 'lanegrad-')), 'last.safetensors');
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 10);
 * io.saveCheckpoint(file, { model, optimizer, scheduler }, { metadata: { epoch: 3 } });
 *
 * const { metadata } = io.loadCheckpoint(file, { model, optimizer, scheduler });
 * metadata.epoch; // => 3
 */
export function saveCheckpoint(
  path: string | URL,
  parts: Readonly<Record<string, Stateful>>,
  options: SaveCheckpointOptions = {},
): void {
  const op = 'saveCheckpoint';
  checkOptions(op, options, ['metadata']);
  checkParts(op, parts);
  const metadata: unknown = options.metadata ?? {};
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new ValueError(`[${op}] metadata: got ${describe(metadata)}, wanted an object of plain data`);
  noGrad(() =>
    scoped(() => {
      const tensors = new Map<string, Tensor>();
      const packed = Object.entries(parts).map(([name, part]) => [
        name,
        packTree(op, name, part.stateDict(), tensors),
      ]);
      const text = JSON.stringify({
        version: 1,
        parts: Object.fromEntries(packed) as unknown,
        metadata: packTree(op, 'metadata', metadata, tensors),
        generator: packTree(op, generatorName, getRngState(), tensors),
      });
      saveSafetensors(path, Object.fromEntries(tensors), { metadata: { [key]: text } });
    }),
  );
}

/**
 * Gives each part the state that {@link saveCheckpoint} wrote of it, sets the generator of random numbers back to where it
 * stood, and returns the plain data. Nothing has changed if it throws.
 *
 * @param source A path, a file URL, or the bytes of the file.
 * @param parts By the names that they were saved by.
 * @throws FormatError for a file that is damaged or no checkpoint.
 * @throws ValueError for a part that the file has not, or (with `strict`) one that was not asked for; and, as each part's
 * `loadStateDict`, for a state that does not fit.
 * @throws ShapeError for tensors of other shapes.
 * @throws Node's own error for a file that cannot be read.
 * @example
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { io, nn, optim } from 'lanegrad';
 * const file = join(mkdtempSync(join(tmpdir(), 'lanegrad-')), 'best.safetensors');
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.SGD(model.parameters());
 * io.saveCheckpoint(file, { model, optimizer });
 * // To serve it, the model is enough.
 * const served = new nn.Linear(2, 1);
 * io.loadCheckpoint(file, { model: served }, { strict: false, generator: false });
 * String(served.weight.tolist()) === String(model.weight.tolist()); // => true
 */
export function loadCheckpoint(
  source: string | URL | Uint8Array,
  parts: Readonly<Record<string, Stateful>>,
  options: LoadCheckpointOptions = {},
): Checkpoint {
  const op = 'loadCheckpoint';
  checkOptions(op, options, ['strict', 'generator']);
  const strict = checkFlag(op, 'strict', options.strict ?? true);
  const withGenerator = checkFlag(op, 'generator', options.generator ?? true);
  checkParts(op, parts);
  const name = source instanceof Uint8Array ? `${source.length} bytes` : String(source);
  const complain = (text: string): never => {
    throw new FormatError(`[${op}] ${name}: ${text}`);
  };
  const stored = readText(inspectSafetensors(source).metadata[key], complain);
  checkNames(op, name, Object.keys(parts), Object.keys(stored.parts), strict);
  return noGrad(() =>
    scoped(() => {
      const chosen = Object.keys(parts).map((part) => stored.parts[part]);
      const names = tensorNames([chosen, stored.metadata, withGenerator ? stored.generator : null]);
      const tensors = loadTensors(source, names, complain);
      const metadata = unpackTree(stored.metadata, tensors, complain) as Checkpoint['metadata'];
      const states = chosen.map((json) => unpackTree(json, tensors, complain));
      const generator = withGenerator ? unpackTree(stored.generator, tensors, complain) : null;
      if (generator !== null && !Handle.is(generator)) complain('the state of its generator is no tensor');
      loadAll(Object.values(parts), states, generator as Tensor | null);
      return { metadata };
    }),
  );
}

interface Stored {
  readonly parts: Readonly<Record<string, unknown>>;
  readonly metadata: unknown;
  readonly generator: unknown;
}

function readText(text: string | undefined, complain: (text: string) => never): Stored {
  if (text === undefined) return complain('it is no checkpoint: wanted a file that saveCheckpoint wrote');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return complain(`its metadata ${key} is no JSON`);
  }
  const isObject = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(parsed)) return complain(`its metadata ${key} is ${describe(parsed)}, wanted an object`);
  const { version, ...stored } = parsed as Stored & { version?: unknown };
  if (version !== 1) complain(`it is of version ${describe(version)}, wanted 1`);
  for (const field of ['parts', 'metadata', 'generator'] as const)
    if (!isObject(stored[field])) complain(`its ${field} is ${describe(stored[field])}, wanted an object`);
  return stored;
}

function loadTensors(
  source: string | URL | Uint8Array,
  names: readonly string[],
  complain: (text: string) => never,
): StateDict {
  const { tensors } = inspectSafetensors(source);
  const missing = names.find((each) => !Object.hasOwn(tensors, each));
  if (missing !== undefined) complain(`tensor ${JSON.stringify(missing)} is missing`);
  return loadSafetensors(source, { names });
}

/** Loads every part, or none: those before one that refuses get back what they had. */
function loadAll(parts: readonly Stateful[], states: readonly unknown[], generator: Tensor | null): void {
  const before: unknown[] = [];
  const former = generator && getRngState();
  try {
    if (generator) setRngState(generator);
    for (const [i, part] of parts.entries()) {
      // The last one changes nothing if it refuses.
      if (i < parts.length - 1) before.push(copyOf(part.stateDict()));
      part.loadStateDict(states[i] as never);
    }
  } catch (error) {
    before.forEach((state, i) => parts[i]!.loadStateDict(state as never));
    if (former) setRngState(former);
    throw error;
  }
}

/** The same data, with tensors of their own. */
function copyOf(state: object): unknown {
  const tensors = new Map<string, Tensor>();
  const json = packTree('loadCheckpoint', '', state, tensors);
  const copies = [...tensors].map(([name, tensor]): [string, Tensor] => [name, tensor.clone()]);
  return unpackTree(json, Object.fromEntries(copies), (text) => {
    throw new ValueError(`[loadCheckpoint] ${text}`);
  });
}

function isStateful(part: unknown): boolean {
  const { stateDict, loadStateDict } = (part ?? {}) as Partial<Stateful>;
  return typeof stateDict === 'function' && typeof loadStateDict === 'function';
}

function checkParts(op: string, parts: unknown): void {
  if (typeof parts !== 'object' || parts === null || Array.isArray(parts))
    throw new ValueError(`[${op}] parts: got ${describe(parts)}, wanted an object of parts by name`);
  if (isStateful(parts)) {
    throw new ValueError(
      `[${op}] parts: got ${describe(parts)}, wanted an object of parts by name, as { model } or { model, optimizer }`,
    );
  }
  for (const [name, part] of Object.entries(parts)) {
    if (isStateful(part)) continue;
    throw new ValueError(
      `[${op}] parts.${name}: got ${describe(part)}, wanted a module, an optimizer, a schedule, or what else has ` +
        'stateDict and loadStateDict',
    );
  }
}

function checkNames(
  op: string,
  file: string,
  asked: readonly string[],
  found: readonly string[],
  strict: boolean,
): void {
  const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : 'none');
  const missing = asked.filter((name) => !found.includes(name));
  const unexpected = strict ? found.filter((name) => !asked.includes(name)) : [];
  const complaints = [
    ...(missing.length > 0 ? [`missing: ${list(missing)}`] : []),
    ...(unexpected.length > 0 ? [`not asked for: ${list(unexpected)} (strict: false passes them over)`] : []),
  ];
  if (complaints.length > 0) {
    throw new ValueError(`[${op}] ${file}: parts ${complaints.join('; ')}; the file has ${list(found)}`);
  }
}
