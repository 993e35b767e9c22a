import { backend } from '../../backend/current.js';
import { checkOptions, describe } from '../../check.js';
import { dtypes } from '../../dtype.js';
import type { DType } from '../../dtype.js';
import { DTypeError, ValueError } from '../../errors.js';
import type { StateDict } from '../../nn/state-dict.js';
import type { Tensor } from '../../tensor.js';
import { elementsOf } from './elements.js';
import { storedNames } from './layout.js';
import type { Entry } from './layout.js';
import { withSource } from './source.js';
import type { OpenFile, SafetensorsSource } from './source.js';

export type { SafetensorsSource };

export interface LoadSafetensorsOptions {
  /** The tensors to load; no others are read. Default: all. */
  names?: readonly string[];
}

const dtypeOf: ReadonlyMap<string, DType> = new Map(dtypes.map((dtype) => [storedNames[dtype], dtype]));

/**
 * Reads the tensors of a safetensors file by name: what {@link saveSafetensors} wrote, or PyTorch's `save_file`. The tensors
 * are copies, of the dtypes that the file has; each is read by itself, so that a load needs little more memory than they do.
 *
 * The whole header is checked before anything is loaded: every byte of the file must belong to one tensor.
 *
 * @throws FormatError for a file that is damaged, cut short, or no safetensors file, saying what is wrong where.
 * @throws DTypeError for a tensor to be loaded whose dtype lanegrad has not (U16, C64, F8_E4M3, ...).
 * @throws ValueError for a name that the file has not.
 * @throws Node's own error for a file that cannot be read.
 * @example
 * import { io, nn } from 'lanegrad';
 * const layer = new nn.Linear(2, 3);
 * const bytes = io.encodeSafetensors(layer.stateDict());
 * const state = io.loadSafetensors(bytes);
 * state.weight?.shape; // => [3, 2]
 * new nn.Linear(2, 3).loadStateDict(state); // => { missing: [], unexpected: [] }
 * io.loadSafetensors(bytes.subarray(0, 100)); // => throws: FormatError
 */
export function loadSafetensors(source: SafetensorsSource, options: LoadSafetensorsOptions = {}): StateDict {
  checkOptions('loadSafetensors', options, ['names']);
  return withSource('loadSafetensors', source, (file) => {
    const loaded: [string, Tensor][] = [];
    try {
      for (const entry of chosen(file, options.names)) loaded.push([entry.name, readTensor(file, entry)]);
    } catch (error) {
      for (const [, tensor] of loaded) tensor.dispose();
      throw error;
    }
    // Own fields whatever they are called: `__proto__` is a name like any other.
    return Object.fromEntries(loaded);
  });
}

function chosen({ layout, name }: OpenFile, names: readonly string[] | undefined): readonly Entry[] {
  if (names === undefined) return layout.entries;
  const wanted: unknown = names;
  if (!Array.isArray(wanted)) {
    throw new ValueError(`[loadSafetensors] names: got ${describe(wanted)}, wanted an array of names`);
  }
  const byName = new Map(layout.entries.map((entry) => [entry.name, entry]));
  return names.map((each) => {
    const entry = byName.get(each);
    if (entry === undefined) {
      throw new ValueError(`[loadSafetensors] ${name}: has no tensor ${JSON.stringify(each)}`);
    }
    return entry;
  });
}

function readTensor(file: OpenFile, entry: Entry): Tensor {
  const { name, stored, shape } = entry;
  const dtype = dtypeOf.get(stored);
  if (dtype === undefined) {
    throw new DTypeError(
      `[loadSafetensors] ${file.name}: tensor ${JSON.stringify(name)} is ${stored}, ` +
        `wanted one of ${[...dtypeOf.keys()].join(', ')}`,
    );
  }
  const bytes = file.bytesOf(entry);
  if (dtype === 'bool') {
    const wrong = bytes.findIndex((byte) => byte > 1);
    if (wrong >= 0) {
      file.complain(
        `tensor ${JSON.stringify(name)}: BOOL ${wrong} is the byte ${bytes[wrong]!}, wanted 0 or 1`,
      );
    }
  }
  return backend.create(dtype, shape, elementsOf(dtype, bytes));
}

/** What a file says of a tensor. */
export interface StoredTensorInfo {
  /** Null where lanegrad has none. */
  readonly dtype: DType | null;
  /** The format's name of the dtype: F32, BF16, ... */
  readonly stored: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

export interface SafetensorsInfo {
  /** What the writer noted beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By name, in the order of the header. */
  readonly tensors: Readonly<Record<string, StoredTensorInfo>>;
}

/**
 * What is in a safetensors file, by its header alone.
 *
 * @throws FormatError as {@link loadSafetensors}.
 * @throws Node's own error for a file that cannot be read.
 * @example
 * import { io, zeros } from 'lanegrad';
 * const bytes = io.encodeSafetensors({ table: zeros([4, 2]) }, { metadata: { epoch: '3' } });
 * const { metadata, tensors } = io.inspectSafetensors(bytes);
 * metadata.epoch; // => '3'
 * tensors.table; // => { dtype: 'float32', stored: 'F32', shape: [4, 2], bytes: 32 }
 */
export function inspectSafetensors(source: SafetensorsSource): SafetensorsInfo {
  return withSource('inspectSafetensors', source, ({ layout }) => ({
    metadata: layout.metadata,
    tensors: Object.fromEntries(
      layout.entries.map(({ name, stored, shape, from, to }): [string, StoredTensorInfo] => [
        name,
        { dtype: dtypeOf.get(stored) ?? null, stored, shape, bytes: to - from },
      ]),
    ),
  }));
}
