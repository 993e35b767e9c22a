import { beforeEach, describe, expect, it } from 'vitest';
import {
  add,
  argmax,
  cat,
  compile,
  IndexError,
  manualSeed,
  nn,
  noGrad,
  randn,
  RecordingError,
  tensor,
  ValueError,
  zeros,
} from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { records } from './support.js';

const [vocabulary, width, layers, places] = [17, 24, 2, 40];

/** A small language model with learnt positions. */
class Model extends nn.Module<[ids: Tensor, positions: Tensor, caches: readonly nn.KVCache[] | null]> {
  readonly tokens = new nn.Embedding(vocabulary, width);
  readonly positions = new nn.Embedding(places, width);
  readonly decoder: nn.TransformerEncoder;
  readonly head = new nn.Linear(width, vocabulary);

  constructor() {
    super();
    const options = { dimFeedforward: 32, batchFirst: true, normFirst: true, dropout: 0 };
    this.decoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(width, 3, options), layers);
  }

  /** ids: [N, T], places of which the first is that of `positions`; gives the logits of the last. */
  forward(ids: Tensor, positions: Tensor, caches: readonly nn.KVCache[] | null): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(positions));
    const y = this.decoder.forward(x, { isCausal: true, caches });
    return this.head.forward(y.select(1, y.shape[1]! - 1));
  }
}

const makeCaches = (options: nn.KVCacheOptions): nn.KVCache[] =>
  Array.from({ length: layers }, () => new nn.KVCache(options));

/** The most likely token after `ids`, by caches that hold what came before. */
const nextToken =
  (model: Model, caches: readonly nn.KVCache[]) =>
  (ids: Tensor): Tensor =>
    noGrad(() => {
      const logits = model.forward(ids, caches[0]!.positions(ids.shape[1]), caches);
      return argmax(logits, { dim: -1, keepdim: true });
    });

/** A prompt and `count` tokens after it. */
function generate(next: (ids: Tensor) => Tensor, prompt: Tensor, count: number): number[][] {
  const tokens = [next(prompt)];
  while (tokens.length < count) tokens.push(next(tokens.at(-1)!));
  return cat(tokens, 1).tolist() as number[][];
}

let model: Model;
const prompt = tensor([
  [3, 1, 4, 1, 5],
  [9, 2, 6, 5, 3],
]);

beforeEach(() => {
  manualSeed(5);
  model = new Model().eval();
});

describe('generation with a cache', () => {
  it('compiled and as it stands gives the tokens that all places anew give', () => {
    let ids = prompt;
    for (let i = 0; i < 30; i++) {
      const positions = tensor(Array.from({ length: ids.shape[1]! }, (_, at) => at));
      const logits = noGrad(() => model.forward(ids, positions, null));
      ids = cat([ids, argmax(logits, { dim: -1, keepdim: true })], 1);
    }
    const wanted = ids.narrow(1, 5, 30).tolist() as number[][];
    expect(new Set(wanted.flat()).size).toBeGreaterThan(3);
    const grown = nextToken(model, makeCaches({ capacity: 2 }));
    expect(generate(grown, prompt, 30)).toEqual(wanted);
    const fixed = nextToken(model, makeCaches({ maxLength: places }));
    expect(generate(fixed, prompt, 30)).toEqual(wanted);
    const compiled = compile(nextToken(model, makeCaches({ maxLength: places })));
    expect(generate(compiled, prompt, 30)).toEqual(wanted);
  });

  it.skipIf(!records)('is one program for a prompt and one for all places after it', () => {
    const caches = makeCaches({ maxLength: places });
    const next = compile(nextToken(model, caches));
    const first = generate(next, prompt, 20);
    expect([next.recordings, next.programs, next.replays]).toEqual([2, 2, 18]);
    for (const cache of caches) cache.clear();
    expect(generate(next, prompt, 20)).toEqual(first);
    expect([next.recordings, next.programs]).toEqual([2, 2]);
    expect(caches.map((cache) => cache.length)).toEqual([24, 24]);
    // The keys and values lie where they are: a copy of them would be a node of its own.
    const ops = next.explain().programs[0]!.nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'indexCopy')).toHaveLength(2 * layers);
    expect(ops.filter((op) => op === 'prefixAttention')).toHaveLength(layers);
  });

  it.skipIf(!records)('copies no cache', () => {
    const next = compile(nextToken(model, makeCaches({ maxLength: 10_000 })));
    next(tensor([[1]]));
    expect(next.explain().programs[0]!.arenaBytes).toBeLessThan(10_000 * width * 4);
  });

  it('goes on after samples of another number, and after another dtype', () => {
    manualSeed(3);
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }).eval();
    const cache = new nn.KVCache({ maxLength: 16 });
    const through = (x: Tensor, to: nn.KVCache): Tensor => noGrad(() => layer.forward(x, { cache: to }));
    const next = compile((x: Tensor) => through(x, cache));
    for (const [samples, compiled] of [[1], [2], [1], [2, 'prompt'], [1, 'prompt']] as const) {
      cache.clear();
      const [prompt, token] = [randn([samples, 3, 8]), randn([samples, 1, 8])];
      if (compiled) next(prompt);
      else through(prompt, cache);
      const got = next(token);
      const fresh = new nn.KVCache({ maxLength: 16 });
      through(prompt, fresh);
      expect(through(token, fresh).sub(got).abs().max().item()).toBeLessThan(1e-5);
    }
    cache.clear();
    layer.to('bfloat16');
    expect(through(randn([1, 3, 8]).to('bfloat16'), cache).dtype).toBe('bfloat16');
  });

  it('is refused when it is full, and goes on after clear', () => {
    const caches = makeCaches({ maxLength: 8 });
    const next = compile(nextToken(model, caches));
    const tokens = generate(next, prompt, 4);
    expect(() => next(tensor([[1], [1]]))).toThrow(IndexError);
    for (const cache of caches) cache.clear();
    expect(generate(next, prompt, 4)).toEqual(tokens);
  });

  it('says that it is full in a replay, too, and of another index what the op says', async () => {
    const cache = new nn.KVCache({ maxLength: 4 });
    const rows = zeros([2]);
    const next = compile((x: Tensor, at: Tensor) =>
      noGrad(() => add(cache.append(x, x)[0].sum(), rows.indexSelect(0, at).sum())),
    );
    const [x, first] = [zeros([1, 1, 2, 3]), tensor([0])];
    next(x, first);
    expect(() => next(x, tensor([2]))).toThrow(/^\[indexSelect\]/);
    cache.clear();
    next(x, first);
    next(x, first);
    const full = '[KVCache] got 2 further places, wanted no more than maxLength, 4, in all';
    expect(() => next(x, first)).toThrow(full);
    await expect(next.async(x, first)).rejects.toThrow(full);
    await expect(next.async(x, first)).rejects.toThrow(IndexError);
    expect(cache.length).toBe(4);
    if (records) expect([next.recordings, next.programs]).toEqual([1, 1]);
  });

  it('says that a length cannot be read there', () => {
    const cache = new nn.KVCache({ maxLength: 8 });
    const fn = compile((x: Tensor) => x.add(cache.length));
    expect(() => fn(tensor([1]))).toThrow(RecordingError);
  });

  it('is refused with a cache that grows, which says to give it room', () => {
    const caches = makeCaches({});
    const next = compile(nextToken(model, caches));
    expect(() => next(prompt)).toThrow(/^\[KVCache\] a cache that grows .* new KVCache\(\{ maxLength \}\)/);
    const layer = model.decoder.layers[0]!;
    const attend = compile((x: Tensor) => noGrad(() => layer.forward(x, { cache: caches[0]! })));
    expect(() => attend(zeros([1, 1, width]))).toThrow(RecordingError);
    const clear = compile((x: Tensor) => (caches[0]!.clear(), x.add(1)));
    expect(() => clear(tensor([1]))).toThrow(RecordingError);
    const append = compile((x: Tensor) => noGrad(() => caches[0]!.append(x, x)[0]));
    expect(() => append(zeros([1, 1, 1, 2]))).toThrow(RecordingError);
    // What was refused has changed nothing.
    expect(caches.map((cache) => cache.length)).toEqual([0, 0]);
    expect(generate(nextToken(model, caches), prompt, 3)).toHaveLength(2);
  });

  it('is refused with one cache of several layers', () => {
    const cache = new nn.KVCache({ maxLength: places });
    const ids = zeros([1, 1], { dtype: 'int64' });
    const run = (): Tensor => noGrad(() => model.forward(ids, cache.positions(1), [cache, cache]));
    expect(run).toThrow(ValueError);
    expect(run).toThrow('caches: got one for the layers 0 and 1, wanted one of each layer');
    expect(cache.length).toBe(0);
    const layer = new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 8, batchFirst: true }).eval();
    const decoder = new nn.TransformerDecoder(layer, 2);
    const x = zeros([1, 1, 8]);
    expect(() => noGrad(() => decoder.forward(x, x, { caches: [cache, cache] }))).toThrow(ValueError);
  });
});
