import type { BackendInfo } from './backend/backend.js';
import { backend } from './backend/current.js';
import { backendChoice } from './backend/load.js';
import { packageInfo } from './package-info.js';

/** What {@link info} gives. */
export interface Info extends BackendInfo {
  /** Of lanegrad. */
  readonly version: string;
  /** One sentence: which addon was loaded, or why the TypeScript backend runs. */
  readonly reason: string;
}

/**
 * What lanegrad runs on here: backend and why, CPU level of its kernels, threads and where their number comes from.
 * `npx lanegrad info` prints it.
 *
 * @example
 * import { info } from 'lanegrad';
 * ['native', 'js'].includes(info().name); // => true
 */
export function info(): Info {
  const { name, isa, bestIsa, bf16, threads, threadsSource, lastCacheBytes } = backend.backendInfo();
  const reason = backendChoice()?.reason ?? 'chosen when the library was loaded';
  const { version } = packageInfo();
  return { version, name, reason, isa, bestIsa, bf16, threads, threadsSource, lastCacheBytes };
}
