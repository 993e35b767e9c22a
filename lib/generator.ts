import { backend } from './backend/current.js';
import { checkInt } from './check.js';
import { checkFunction, keep, synchronous } from './scope.js';
import type { Tensor } from './tensor.js';

/** {seed, offset} as int64: state of this environment, read and advanced by ops only. Made when first needed. */
let generator: Tensor | undefined;

function makeGenerator(seed: bigint): Tensor {
  return keep(backend.create('int64', [2], BigInt64Array.of(seed, 0n)));
}

function currentGenerator(): Tensor {
  return (generator ??= makeGenerator(crypto.getRandomValues(new BigInt64Array(1))[0]! & 0x1fffffffffffffn));
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
  // In place: a recorded step holds this very tensor.
  const state = backend.create('int64', [2], BigInt64Array.of(BigInt(seed), 0n));
  backend.runInPlace('copy', [generator, state], {});
  backend.release(state);
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
export function withSeed<T>(seed: number, fn: () => T): T {
  checkInt('withSeed', 'seed', seed);
  checkFunction('withSeed', fn);
  const outer = generator;
  const inner = makeGenerator(BigInt(seed));
  generator = inner;
  try {
    return synchronous('withSeed', fn());
  } finally {
    generator = outer;
    backend.release(inner);
  }
}

/** A copy of where the generator stands. */
export function generatorState(): Tensor {
  return backend.run1('clone', [currentGenerator()], {});
}

/** Runs `fn` with random numbers from where the generator stood; those outside go on as if it had not run. */
export function withGeneratorState<T>(state: Tensor, fn: () => T): T {
  const outer = generator;
  const inner = keep(backend.run1('clone', [state], {}));
  generator = inner;
  try {
    return fn();
  } finally {
    generator = outer;
    backend.release(inner);
  }
}

/** A counter for one random op, which takes `blocks` blocks of four words from the generator. */
export function nextCounter(blocks: number): Tensor {
  return backend.run1('nextCounter', [currentGenerator()], { count: blocks });
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
