import { multiplyHigh, Philox } from '../backend/reference/philox.js';

/**
 * Puts `values` into a random order that seed and stream determine, on every platform: the Fisher-Yates shuffle, drawing
 * from Philox. All orders are equally probable as far as 64 bits of seed and stream can tell them apart.
 */
export function shuffle(values: Int32Array, seed: number, stream: number): void {
  // Blocks of different streams never meet: there are fewer words in one than 2^32.
  const random = new Philox(BigInt(seed), BigInt(stream) << 32n);
  let block = 0;
  let at = 4;
  const word = (): number => {
    if (at === 4) {
      random.block(block++);
      at = 0;
    }
    return random.words[at++]!;
  };
  for (let i = values.length - 1; i > 0; i--) {
    const j = below(i + 1, word);
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }
}

/** A number in [0, n), each as probable: the upper half of word n, the few words that would favour some drawn again. */
function below(n: number, word: () => number): number {
  const rejected = (0x100000000 - n) % n;
  for (;;) {
    const drawn = word();
    if (Math.imul(drawn, n) >>> 0 >= rejected) return multiplyHigh(drawn, n) >>> 0;
  }
}
