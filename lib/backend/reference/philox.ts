/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3" (SC 2011); the same words as native/core/philox.h. A block of four words is a pure function of seed and counter.
 */
export class Philox {
  /** The four words of the block last made, unsigned. */
  readonly words = new Uint32Array(4);
  private readonly seed0: number;
  private readonly seed1: number;

  constructor(
    seed: bigint,
    private readonly offset: bigint,
  ) {
    this.seed0 = Number(BigInt.asUintN(32, seed)) | 0;
    this.seed1 = Number(BigInt.asUintN(32, seed >> 32n)) | 0;
  }

  /** Makes the words of block `offset + index`. */
  block(index: number): Uint32Array {
    const counter = this.offset + BigInt(index);
    return this.at(Number(BigInt.asUintN(32, counter)), Number(BigInt.asUintN(32, counter >> 32n)));
  }

  private at(low: number, high: number): Uint32Array {
    let x0 = low | 0;
    let x1 = high | 0;
    let x2 = 0;
    let x3 = 0;
    let k0 = this.seed0;
    let k1 = this.seed1;
    for (let round = 0; round < 10; round++) {
      const high0 = multiplyHigh(0xd2511f53, x0);
      const low0 = Math.imul(0xd2511f53, x0);
      const high1 = multiplyHigh(0xcd9e8d57, x2);
      const low1 = Math.imul(0xcd9e8d57, x2);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    const words = this.words;
    words[0] = x0;
    words[1] = x1;
    words[2] = x2;
    words[3] = x3;
    return words;
  }
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers, from products of their 16-bit halves. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 0;
  // Each sum stays below 2^34, exact in a double; `>>> 16` is written as a division because it may pass 32 bits.
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle % 65536);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middle2 / 65536)) | 0;
}
