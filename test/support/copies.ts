import { vi } from 'vitest';
import type { Backend } from '../../lib/backend/backend.js';
import { backend } from '../../lib/backend/current.js';
import * as lg from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import type { Library } from '../cases/composed/row.js';

/** A copy of the library and the backend that it runs on. Tensors of one copy mean nothing to another. */
export interface Copy {
  readonly lg: Library;
  readonly backend: Backend<Tensor>;
}

/** The copy that every other import gives, on the backend of this run. */
export const ours: Copy = { lg, backend };

/** A second copy, on the TypeScript backend. */
export async function loadTypeScriptCopy(): Promise<Copy> {
  vi.stubEnv('LANEGRAD_BACKEND', 'js');
  vi.resetModules();
  try {
    const copy = await import('../../lib/index.js');
    const current = await import('../../lib/backend/current.js');
    return { lg: copy, backend: current.backend };
  } finally {
    vi.unstubAllEnvs();
  }
}
