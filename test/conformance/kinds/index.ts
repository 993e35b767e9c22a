import type { Kind } from './kind.js';
import { modules } from './modules.js';
import { ops } from './ops.js';

export const kinds: Readonly<Record<string, Kind>> = { ops, modules };
