import { autocastScope } from '../autocast-policy.js';
import { isGradEnabled } from '../grad-mode.js';
import { compositesForced } from '../ops/composite.js';
import { matmulParts } from '../precision.js';

const scopes = [null, 'bfloat16', 'float16'] as const;

/** What surrounds a call and makes other ops of it: grad mode, autocast scope, precision of products, forced composition. */
export function environmentKey(): number {
  const bits = (isGradEnabled() ? 1 : 0) + (compositesForced() ? 2 : 0);
  return bits + 4 * scopes.indexOf(autocastScope()) + 16 * matmulParts();
}
