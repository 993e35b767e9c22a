import { afterEach, expect, it } from 'vitest';
import { getNumThreads, manualSeed, nn, optim, randint, randn, setNumThreads } from '../../lib/index.js';
import { classifierStep, records } from './support.js';

const before = getNumThreads();
afterEach(() => setNumThreads(before));

/** Losses of some steps of a small network of convolutions, with dropout. */
async function losses(threads: number, asynchronous: boolean): Promise<number[]> {
  setNumThreads(threads);
  manualSeed(17);
  const model = new nn.Sequential(
    new nn.Conv2d(3, 16, 3, { padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.2),
    new nn.Linear(16 * 64, 10),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-2 });
  const step = classifierStep(model, optimizer);
  const [x, y] = [randn([24, 3, 16, 16]), randint(0, 10, [24])];
  const found: number[] = [];
  for (let i = 0; i < 6; i++) found.push((asynchronous ? await step.async(x, y) : step(x, y)).item());
  return found;
}

it.skipIf(!records)(
  'same seed, same bits for any number of threads, at once or on the thread of programs',
  async () => {
    const wanted = await losses(1, false);
    expect(wanted.every(Number.isFinite)).toBe(true);
    for (const threads of [1, 2, 3, 7, 16]) {
      expect(await losses(threads, false)).toEqual(wanted);
      expect(await losses(threads, true)).toEqual(wanted);
    }
  },
);
