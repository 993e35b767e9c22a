import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from '../check.js';
import { ValueError } from '../errors.js';

/** A path, or a file URL, that a file may have: not that of a folder. */
export function checkFile(op: string, name: string, given: string | URL): string {
  if (typeof given !== 'string' && !((given as unknown) instanceof URL))
    throw new ValueError(`[${op}] ${name}: got ${describe(given)}, wanted a path or a file URL`);
  if (given instanceof URL && given.protocol !== 'file:')
    throw new ValueError(`[${op}] ${name}: got ${given.href}, wanted a path or a file URL`);
  const path = typeof given === 'string' ? given : fileURLToPath(given);
  if (path === '') throw new ValueError(`[${op}] ${name}: got "", wanted a path or a file URL`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new ValueError(`[${op}] ${name}: ${path} is a folder, wanted a file`);
  return path;
}
