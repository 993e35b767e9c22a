// The shapes and strides that tensors show. They are frozen, since a caller who writes into one would have the tensor show sizes
// that it has not. To freeze an array takes longer than a small op, and a program has few shapes: each is frozen once.

const places = 1024;

const known: (readonly number[] | undefined)[] = new Array<undefined>(places).fill(undefined);

function isAt(list: readonly number[], numbers: ArrayLike<number>, at: number, count: number): boolean {
  if (list.length !== count) return false;
  for (let i = 0; i < count; i++) if (list[i] !== numbers[at + i]) return false;
  return true;
}

/** The frozen list of `count` numbers from `at` on; the same one as last time mostly. */
export function frozenList(numbers: ArrayLike<number>, at: number, count: number): readonly number[] {
  let hash = count;
  for (let i = 0; i < count; i++) hash = (Math.imul(hash, 31) + (numbers[at + i]! | 0)) | 0;
  const place = (hash ^ (hash >>> 10)) & (places - 1);
  const former = known[place];
  if (former !== undefined && isAt(former, numbers, at, count)) return former;
  const list: number[] = [];
  for (let i = 0; i < count; i++) list.push(numbers[at + i]!);
  const frozen: readonly number[] = Object.freeze<number[]>(list);
  known[place] = frozen;
  return frozen;
}
