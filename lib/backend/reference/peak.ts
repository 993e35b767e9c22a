const rounds = 1_000_000;

/** Floating operations a second of multiplications and additions of numbers, four at a time in variables. */
export function multiplyAddRate(seconds: number): number {
  const start = performance.now();
  let best = 0;
  do {
    const before = performance.now();
    const sum = chains(before * 1e-9);
    // What nobody reads would not be computed.
    if (sum !== Infinity) best = Math.max(best, (8 * rounds) / (performance.now() - before));
  } while (performance.now() - start < 1000 * seconds);
  return 1000 * best;
}

function chains(term: number): number {
  let [a, b, c, d] = [term, term, term, term];
  for (let i = 0; i < rounds; i++) {
    a = a * 0.999 + term;
    b = b * 0.999 + term;
    c = c * 0.999 + term;
    d = d * 0.999 + term;
  }
  return a + b + c + d;
}
