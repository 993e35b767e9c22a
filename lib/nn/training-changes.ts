// Calls of compiled functions that wait for their turn are made as the modules were when they were called. Which modules they
// will reach is not known then, so `train` and `eval` tell what `training` is before they set it.

interface Trained {
  training: boolean;
}

type Listener = (module: Trained) => void;

const listeners = new Set<Listener>();

/** `training` of a module is about to change. */
export function trainingChanges(module: Trained): void {
  for (const listener of listeners) listener(module);
}

/** Calls `listener` with each module before its `training` changes, until the function that this gives is called. */
export function onTrainingChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
