import { isRecording } from './recording.js';

// A count of changes, in this environment, that a recorded program cannot see and that may make it another: groups of an
// optimizer, options that are no numbers, hooks, entries of containers.

let epoch = 0;

export function configurationEpoch(): number {
  return epoch;
}

/** Programs that were recorded before are recorded anew. What a compiled function itself does while it is recorded is in it. */
export function configurationChanged(): void {
  if (!isRecording()) epoch += 1;
}

/**
 * Notes whether a recording has looked at something, so that a change of what no program has seen ends none: whoever makes
 * layers and optimizers while a server predicts would have every program recorded anew.
 */
export class Seen {
  #seen = false;

  /** Before it is read. */
  look(): void {
    if (isRecording()) this.#seen = true;
  }

  /** After it was changed. */
  changed(): void {
    if (this.#seen) configurationChanged();
  }
}
