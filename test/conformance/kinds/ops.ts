import { rowOf } from '../calls/index.js';
import { call } from '../call.js';
import type { OpManifest, OpsIndex } from '../read/format.js';
import { find, methodOf } from '../library.js';
import { libraryName } from '../names.js';
import type { Outcome } from '../outcome.js';
import { methodName, replayError, replaySample, type OpCases } from '../replay.js';
import { outsideOf, placeOf } from '../scope.js';
import type { Kind, Unit } from './kind.js';

export const ops: Kind = {
  names: (cases) => (cases.index as OpsIndex).ops.map((op) => op.name),
  unit(cases, name): Unit {
    const entry = (cases.index as OpsIndex).ops.find((op) => op.name === name)!;
    const { manifest, tensors } = cases.read(entry.file);
    const { samples, errors = [] } = manifest as OpManifest;
    const row = rowOf(name);
    const op: OpCases = { name, manifest: manifest as OpManifest, stored: tensors, row: row ?? call('') };
    const reason = reasonToSkip(name);
    const skipped = (id: string, dtype: string, why: string) => (): Outcome => ({
      op: name,
      id,
      dtype,
      status: 'unsupported',
      parts: {},
      failures: [],
      reason: why,
    });
    return {
      name,
      tier: placeOf(name)?.tier ?? null,
      lacks: row === undefined || reason !== undefined ? [] : lackingMethods(op),
      jobs: [
        ...samples.map((sample) => ({
          id: sample.id,
          dtype: sample.dtype,
          run:
            reason === undefined ? () => replaySample(op, sample) : skipped(sample.id, sample.dtype, reason),
        })),
        ...errors.map((sample) => ({
          id: sample.id,
          dtype: 'error',
          run: reason === undefined ? () => replayError(op, sample) : skipped(sample.id, 'error', reason),
        })),
      ],
    };
  },
};

/** The methods of PyTorch that Tensor lacks. */
function lackingMethods(op: OpCases): string[] {
  const { method, inplace } = op.manifest.variants;
  // Functions of nn.functional have in-place forms, but no methods.
  if (!method) return [];
  const name = methodName(op);
  return [name, ...(inplace ? [`${name.replace(/_$/, '')}_`] : [])].filter(
    (one) => methodOf(one) === undefined,
  );
}

/** Why the samples of an op are unsupported: it need not be there, and is not. What is there is judged, in scope or not. */
function reasonToSkip(name: string): string | undefined {
  const outside = outsideOf(name);
  if (outside === undefined) return undefined;
  const row = rowOf(name);
  if (row === undefined) return outside;
  return find(row.at ?? libraryName(name)) === undefined ? `${outside}; not there` : undefined;
}
