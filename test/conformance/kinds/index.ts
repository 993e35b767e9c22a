import type { Kind } from './kind.js';
import { ops } from './ops.js';

export const kinds: Readonly<Record<string, Kind>> = { ops };
