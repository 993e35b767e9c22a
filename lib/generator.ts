import { programOf } from './backend/busy.js';
import { backend } from './backend/current.js';
import { unrecorded } from './backend/recording.js';
import { checkInt, checkTensor, shapeText } from './check.js';
import { BusyError, DTypeError, ShapeError } from './errors.js';
import { checkFunction, keep, synchronous } from './scope.js';
import type { Synchronous } from './scope.js';
import type { Tensor } from './tensor.js';

/**
 * {seed, offset} as int64: state of this environment, read and advanced by ops only. Made when first needed, and always the
 * same tensor, since recorded programs hold it.
 */
let generator: Tensor | undefined;

function makeGenerator(seed: bigint): Tensor {
  return unrecorded(() => keep(backend.create('int64', [2], BigInt64Array.of(seed, 0n))));
}

function currentGenerator(): Tensor {
  return (generator ??= makeGenerator(crypto.getRandomValues(new BigInt64Array(1))[0]! & 0x1fffffffffffffn));
}

/** Makes the generator if there is none yet: before a recording, whose program holds it. */
export function makeRandomState(): void {
  currentGenerator();
}

/** Runs `fn`, which uses the generator: who draws numbers does not know of one. */
function onGenerator<T>(op: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    throw new BusyError(
      `[${op}] needs the generator of random numbers, from which ${programOf(error)}, which runs on its own thread, draws too; ` +
        'await the promise of its call first',
      { cause: error },
    );
  }
}

/** Runs `fn` with the generator in the state that `set` writes, and puts back the one before. */
function withState<T>(set: (generator: Tensor) => void, fn: () => T): T {
  const own = currentGenerator();
  const former = onGenerator('withSeed', () => keep(backend.run1('clone', [own], {})));
  try {
    set(own);
    return fn();
  } finally {
    backend.runInPlace('copy', [own, former], {});
    backend.release(former);
  }
}

function setSeed(own: Tensor, seed: number): void {
  const state = backend.create('int64', [2], BigInt64Array.of(BigInt(seed), 0n));
  onGenerator('manualSeed', () => backend.runInPlace('copy', [own, state], {}));
  backend.release(state);
}

/**
 * Sets the seed of random numbers in this thread: `rand`, `randn`, `randint`, `dropout`, initialisation and shuffling
 * then repeat, whatever the number of threads. Without it each process draws its own seed.
 *
 * @throws ValueError if the seed is not an integer.
 * @example
 * import { manualSeed, rand } from 'lanegrad';
 * manualSeed(7);
 * const a = rand([2]).tolist();
 * manualSeed(7);
 * console.assert(String(rand([2]).tolist()) === String(a));
 */
export function manualSeed(seed: number): void {
  checkInt('manualSeed', 'seed', seed);
  if (generator === undefined) {
    generator = makeGenerator(BigInt(seed));
    return;
  }
  setSeed(generator, seed);
}

/**
 * Runs `fn` with random numbers of its own seed; those outside go on as if it had not run. Synchronous only.
 *
 * @throws ValueError if `fn` returns a promise, or the seed is not an integer.
 * @example
 * import { rand, withSeed } from 'lanegrad';
 * const a = withSeed(3, () => rand([2]).tolist());
 * const b = withSeed(3, () => rand([2]).tolist());
 * console.assert(String(a) === String(b));
 */
export function withSeed<T>(seed: number, fn: () => Synchronous<T>): T {
  checkInt('withSeed', 'seed', seed);
  checkFunction('withSeed', fn);
  return withState(
    (own) => setSeed(own, seed),
    () => synchronous<T>('withSeed', fn()),
  );
}

/**
 * Where the generator of random numbers of this thread stands: int64 [2], a copy. PyTorch's `get_rng_state`.
 *
 * @example
 * import { getRngState, rand, setRngState } from 'lanegrad';
 * const state = getRngState();
 * const a = rand([2]).tolist();
 * setRngState(state);
 * console.assert(String(rand([2]).tolist()) === String(a));
 */
export function getRngState(): Tensor<'int64'> {
  const own = currentGenerator();
  return onGenerator('getRngState', () => backend.run1('clone', [own], {})) as Tensor<'int64'>;
}

/**
 * Lets random numbers go on from where {@link getRngState} was called. PyTorch's `set_rng_state`.
 *
 * @param state int64 [2].
 * @throws DTypeError for what is no int64 tensor.
 * @throws ShapeError for another shape.
 * @example
 * import { getRngState, randperm, setRngState } from 'lanegrad';
 * const state = getRngState();
 * const order = randperm(5).tolist();
 * setRngState(state);
 * console.assert(String(randperm(5).tolist()) === String(order));
 */
export function setRngState(state: Tensor): void {
  checkTensor('setRngState', 'state', state);
  if (state.dtype !== 'int64') throw new DTypeError(`[setRngState] state: got ${state.dtype}, wanted int64`);
  if (state.shape.length !== 1 || state.shape[0] !== 2)
    throw new ShapeError(`[setRngState] state: got shape ${shapeText(state.shape)}, wanted [2]`);
  const own = currentGenerator();
  onGenerator('setRngState', () => backend.runInPlace('copy', [own, state], {}));
}

/** Runs `fn` with random numbers from where the generator stood; those outside go on as if it had not run. */
export function withGeneratorState<T>(state: Tensor, fn: () => T): T {
  return withState((own) => backend.runInPlace('copy', [own, state], {}), fn);
}

/** A counter for one random op, which takes `blocks` blocks of four words from the generator. */
export function nextCounter(blocks: number): Tensor {
  const own = currentGenerator();
  return onGenerator('nextCounter', () => backend.run1('nextCounter', [own], { count: blocks }));
}

/** A 32-bit seed drawn from the generator, for what shuffles in JavaScript. */
export function drawSeed(): number {
  const counter = nextCounter(1);
  const [seed = 0n, offset = 0n] = backend.read(counter) as BigInt64Array;
  backend.release(counter);
  // The finaliser of SplitMix64 mixes all bits of both.
  let z = BigInt.asUintN(64, seed + offset * 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return Number(BigInt.asUintN(32, z ^ (z >> 31n)));
}
