import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PackageInfo {
  /** The folder with package.json, from wherever in the package this code runs: lib/ or dist/. */
  readonly root: string;
  readonly version: string;
}

/** Where this copy of lanegrad is installed, and its version. */
export function packageInfo(): PackageInfo {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (name === 'lanegrad' && version !== undefined) return { root: folder, version };
    }
    const parent = path.dirname(folder);
    // Bundled into somebody's program: no package.json of ours above.
    if (parent === folder) return { root: path.dirname(fileURLToPath(import.meta.url)), version: 'unknown' };
    folder = parent;
  }
}
