import { rowOf } from '../calls/index.js';
import { call } from '../call.js';
import type { OpManifest, OpsIndex } from '../format.js';
import { find } from '../library.js';
import { libraryName } from '../names.js';
import type { Outcome } from '../outcome.js';
import { replayError, replaySample, type OpCases } from '../replay.js';
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

/** Why the samples of an op are unsupported: it need not be there, and is not. What is there is judged, in scope or not. */
function reasonToSkip(name: string): string | undefined {
  const outside = outsideOf(name);
  if (outside === undefined) return undefined;
  const row = rowOf(name);
  if (row === undefined) return outside;
  return find(row.at ?? libraryName(name)) === undefined ? `${outside}; not there` : undefined;
}
