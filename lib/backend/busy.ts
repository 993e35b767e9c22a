import type { BusyError } from '../errors.js';

/** What a program is that an error of the backend is about: its name, or 'a program'. */
export function programOf(error: BusyError): string {
  return /uses a tensor that (.*), which runs/.exec(error.message)?.[1] ?? 'a program';
}
