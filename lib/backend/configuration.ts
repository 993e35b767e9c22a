import { isRecording } from './recording.js';

// A count of changes, in this environment, that a recorded program cannot see and that may make it another: parameters that
// were made, groups of an optimizer, options that are no numbers, hooks.

let epoch = 0;

export function configurationEpoch(): number {
  return epoch;
}

/** Programs that were recorded before are recorded anew. What a compiled function itself does while it is recorded is in it. */
export function configurationChanged(): void {
  if (!isRecording()) epoch += 1;
}
