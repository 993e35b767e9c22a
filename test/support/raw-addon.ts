import { createRequire } from 'node:module';
import path from 'node:path';
import type { Addon } from '../../lib/backend/addon.js';

/** The addon itself, for what it says to tests alone. */
export function rawAddon(): Addon {
  const file = process.env['LANEGRAD_ADDON'] ?? 'build/Release/lanegrad.node';
  return createRequire(import.meta.url)(path.resolve(import.meta.dirname, '../..', file)) as Addon;
}
