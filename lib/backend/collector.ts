import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Gc = (options?: { type: 'minor' }) => void;

/**
 * A function that collects garbage at once: the young generation, or all of it. The native handle table calls it so that
 * a synchronous loop frees its tensors. Node and Deno: V8's gc, taken through a fresh context so that `globalThis.gc`
 * stays as it was. Bun: its own. Elsewhere nothing happens, and tensors are freed between jobs.
 */
export function makeCollector(): (full: boolean) => void {
  const bun = (globalThis as { Bun?: { gc(synchronous: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  let gc: Gc | undefined;
  try {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('typeof gc === "function" ? gc : undefined') as Gc | undefined;
    setFlagsFromString('--no-expose-gc');
  } catch {
    // An engine without the flag: collect() and explicit disposal still work.
  }
  const collect = gc;
  if (!collect) return () => {};
  // Full is what no options mean. V8 11 (Node 20) does not know `type: 'major'` and takes any object that it does not
  // understand for a minor collection, which never finds a promoted tensor dead.
  return (full) => (full ? collect() : collect({ type: 'minor' }));
}
