import type { Row } from '../call.js';
import { difference, kindDifference, near } from './compare.js';
import { numberOf, type Arg, type Path, type Tolerance } from '../read/format.js';
import { isTensor } from '../library.js';
import { camel } from '../names.js';
import type { StoredTensors } from '../read/stored.js';
import { readTensor } from '../tensors.js';

/** A result and what is wanted of it, at each leaf of PyTorch's structure. */
export interface Output {
  readonly path: Path;
  readonly got: unknown;
  readonly want: Arg;
}

/** The outputs in PyTorch's order: of a tensor, a list, or a record that is a named tuple there. */
export function outputsOf(result: unknown, want: Arg, row: Row, path = 'out'): Output[] {
  if (want.t !== 'list' && want.t !== 'tuple') return [{ path, got: result, want }];
  const parts = partsOf(result, want.names ?? row.results, want.v.length);
  if (parts.length !== want.v.length)
    throw new Error(`${path}: got ${parts.length} results, wanted ${want.v.length}`);
  return want.v.flatMap((one, i) => outputsOf(parts[i], one, row, `${path}.${i}`));
}

function partsOf(result: unknown, names: readonly string[] | undefined, count: number): readonly unknown[] {
  if (Array.isArray(result)) return result;
  if (typeof result !== 'object' || result === null || isTensor(result))
    throw new Error(
      `got ${typeof result === 'object' ? 'one tensor' : typeof result}, wanted ${count} results`,
    );
  const record = result as Readonly<Record<string, unknown>>;
  const present = names?.map(camel).filter((name) => record[name] !== undefined);
  if (present?.length === count) return present.map((name) => record[name]);
  if (names === undefined) return Object.values(record).filter((value) => value !== undefined);
  throw new Error(`got fields ${Object.keys(record).join(', ')}, wanted ${names.map(camel).join(', ')}`);
}

/** Compares one output with the stored one, exactly or within a tolerance. */
export function checkOutput(
  { path, got, want }: Output,
  stored: StoredTensors,
  tolerance: Tolerance | undefined,
): string | undefined {
  const say = (detail: string | undefined) => detail && `${path}: ${detail}`;
  switch (want.t) {
    case 'tensor': {
      if (!isTensor(got)) return say(`got ${typeof got}, wanted a tensor`);
      if (want.ref === undefined) return say(kindDifference(got, { dtype: want.dtype!, shape: want.shape! }));
      return say(difference(readTensor(got), stored.get(want.ref)!, tolerance));
    }
    case 'bool':
      return got === want.v ? undefined : say(`got ${String(got)}, wanted ${want.v}`);
    case 'int':
      return BigInt(got as number) === BigInt(want.v)
        ? undefined
        : say(`got ${String(got)}, wanted ${want.v}`);
    case 'float': {
      const [rtol, atol] = tolerance ?? [0, 0];
      const wanted = numberOf(want.v);
      return typeof got === 'number' && near(got, wanted, rtol, atol)
        ? undefined
        : say(`got ${String(got)}, wanted ${wanted}`);
    }
    case 'none':
      return got === null || got === undefined ? undefined : say('got a value, wanted none');
    default:
      throw new Error(`${path}: an output of kind ${want.t}`);
  }
}
