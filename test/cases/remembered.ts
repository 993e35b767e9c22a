const mostNumbers = 4_000_000;
const lists = new Map<string, readonly number[]>();
let held = 0;

/**
 * What `make` gives, made once for each key: the suites build the same inputs for every layout, dtype and derivative, and
 * making random numbers took most of their time. All is forgotten when it is too much.
 */
export function remembered(key: string, make: () => readonly number[]): readonly number[] {
  const found = lists.get(key);
  if (found) return found;
  const made = make();
  held += made.length;
  if (held > mostNumbers) {
    lists.clear();
    held = made.length;
  }
  lists.set(key, made);
  return made;
}
