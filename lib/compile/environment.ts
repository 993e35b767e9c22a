import { autocastScope, withAutocastScope } from '../autocast-policy.js';
import type { AutocastDType } from '../autocast-policy.js';
import { backend } from '../backend/current.js';
import { isGradEnabled } from '../grad-mode.js';
import { compositesForced, withComposites } from '../ops/composite.js';
import { matmulParts, withMatmulParts } from '../precision.js';

const scopes = [null, 'bfloat16', 'float16'] as const;

/** What surrounds a call and makes other ops of it: grad mode, autocast scope, precision of products, forced composition. */
export function environmentKey(): number {
  const bits = (isGradEnabled() ? 1 : 0) + (compositesForced() ? 2 : 0);
  return bits + 4 * scopes.indexOf(autocastScope()) + 16 * matmulParts();
}

/** The same, to be set again. */
export interface Modes {
  readonly gradients: boolean;
  readonly composites: boolean;
  readonly autocast: AutocastDType | null;
  readonly parts: number;
}

export function modesNow(): Modes {
  return {
    gradients: isGradEnabled(),
    composites: compositesForced(),
    autocast: autocastScope(),
    parts: matmulParts(),
  };
}

/** Runs `fn` under these modes. Only composition that is forced is forced: nothing ends it within a scope. */
export function withModes<T extends object>(modes: Modes, fn: () => T): T {
  const former = backend.setGradMode(modes.gradients);
  try {
    const composed = (): T => (modes.composites ? (withComposites<unknown>(fn) as T) : fn());
    return withMatmulParts(modes.parts, () => withAutocastScope(modes.autocast, composed));
  } finally {
    backend.setGradMode(former);
  }
}
