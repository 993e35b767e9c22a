import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { BackendError } from '../errors.js';
import { packageInfo } from '../package-info.js';
import type { Addon } from './addon.js';
import type { Backend, BackendHooks, Handle } from './backend.js';
import { NativeBackend } from './native.js';
import { createReferenceBackend } from './reference/index.js';

/** How the backend was chosen, for `info()` and `lanegrad info`. */
export interface BackendChoice {
  readonly name: 'native' | 'js';
  /** One sentence: which file was loaded, or why the TypeScript backend runs. */
  readonly reason: string;
}

let choice: BackendChoice | undefined;

export function backendChoice(): BackendChoice | undefined {
  return choice;
}

const platformPackage = `@lanegrad/${process.platform}-${process.arch}`;

interface Attempt {
  readonly what: string;
  readonly error: string;
}

function tryRequire(
  require: NodeJS.Require,
  id: string,
  what: string,
  attempts: Attempt[],
): Addon | undefined {
  try {
    return require(id) as Addon;
  } catch (error) {
    attempts.push({ what, error: (error instanceof Error ? error.message : String(error)).split('\n')[0]! });
    return undefined;
  }
}

/** The addon and where it came from: LANEGRAD_ADDON, the build in the package folder, the platform package. */
function findAddon(attempts: Attempt[]): { addon: Addon; from: string } | undefined {
  const require = createRequire(import.meta.url);
  const forced = process.env['LANEGRAD_ADDON'];
  if (forced) {
    const addon = tryRequire(require, path.resolve(forced), `LANEGRAD_ADDON=${forced}`, attempts);
    return addon && { addon, from: forced };
  }
  const local = path.join(packageInfo().root, 'build', 'Release', 'lanegrad.node');
  if (existsSync(local)) {
    const addon = tryRequire(require, local, local, attempts);
    if (addon) return { addon, from: local };
  } else {
    attempts.push({ what: local, error: 'not built' });
  }
  const addon = tryRequire(require, platformPackage, platformPackage, attempts);
  return addon && { addon, from: platformPackage };
}

const installRemedy =
  `install the package ${platformPackage} (an optional dependency: check that --omit=optional was not used), or build the ` +
  'addon with "npx lanegrad build" (needs g++ or clang); LANEGRAD_BACKEND=js silences this warning';

const remedy = (): string =>
  process.env['LANEGRAD_ADDON']
    ? 'name a file in LANEGRAD_ADDON that `npx lanegrad build` made, or unset it'
    : installRemedy;

/**
 * The backend of this environment: what LANEGRAD_BACKEND (native or js) asks for; by default the native one where it
 * loads, else the TypeScript one after one warning that says why and what to do.
 */
export function loadBackend<T extends Handle>(hooks: BackendHooks<T>): Backend<T> {
  const wanted = process.env['LANEGRAD_BACKEND'];
  if (wanted && wanted !== 'native' && wanted !== 'js') {
    throw new BackendError(`LANEGRAD_BACKEND must be native or js, got ${wanted}`);
  }
  if (wanted === 'js') {
    choice = { name: 'js', reason: 'LANEGRAD_BACKEND=js' };
    return createReferenceBackend(hooks);
  }
  const attempts: Attempt[] = [];
  try {
    const found = findAddon(attempts);
    if (found) {
      const backend = new NativeBackend(found.addon, hooks);
      choice = { name: 'native', reason: `loaded ${found.from}` };
      const { isaProblem, threadsProblem } = found.addon.backendInfo();
      for (const problem of [isaProblem, threadsProblem]) {
        if (problem) process.emitWarning(`lanegrad: ${problem}`);
      }
      return backend;
    }
  } catch (error) {
    attempts.push({ what: 'the addon', error: error instanceof Error ? error.message : String(error) });
  }
  const causes = attempts.map((attempt) => `${attempt.what}: ${attempt.error}`).join('; ');
  if (wanted === 'native')
    throw new BackendError(`the native backend cannot be loaded (${causes}); ${remedy()}`);
  choice = { name: 'js', reason: `the native addon cannot be loaded (${causes})` };
  process.emitWarning(
    `lanegrad runs on its TypeScript backend, which is much slower: ${choice.reason}. Remedy: ${remedy()}.`,
  );
  return createReferenceBackend(hooks);
}
