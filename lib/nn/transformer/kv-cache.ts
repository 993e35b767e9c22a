import { currentRecording, isRecording, refuseRecorded, unrecorded } from '../../backend/recording.js';
import { checkInt, checkOptions, checkTensor, shapeText } from '../../check.js';
import { AutogradError, BusyError, IndexError, ShapeError, ValueError } from '../../errors.js';
import { isGradEnabled, noGrad } from '../../grad-mode.js';
import { add } from '../../ops/binary.js';
import { to } from '../../ops/convert.js';
import { empty, zeros } from '../../ops/creation.js';
import { arange } from '../../ops/ranges.js';
import { narrow, reshape } from '../../ops/view.js';
import { keep, scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

export interface KVCacheOptions {
  /**
   * The most places that there can be. Room is made for all of them at once, and how many there are is a tensor: in a compiled
   * function one program generates every place. Default null, as many as come.
   */
  maxLength?: number | null;
  /** Places to make room for at once; more come as they are needed, twice as many each time. Default 64. */
  capacity?: number;
}

/**
 * The keys and values of the places that an attention has seen, so that generating the next one does not compute them again.
 * One for each {@link MultiheadAttention}; for evaluation without gradients. A compiled function takes one with `maxLength`.
 *
 * keys and values: [N, H, S, D], S growing, or `maxLength`.
 * @throws ValueError for a capacity or maxLength below 1, or both of them.
 * @example
 * import { nn, noGrad, randn } from 'lanegrad';
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const cache = new nn.KVCache();
 * noGrad(() => {
 *   for (let step = 0; step < 3; ++step) {
 *     const x = randn([1, 1, 8]);
 *     attention.forward(x, x, x, { cache, needWeights: false });
 *   }
 * });
 * cache.length; // => 3
 * @example
 * import { argmax, compile, manualSeed, nn, noGrad, tensor, type Tensor } from 'lanegrad';
 * manualSeed(0);
 * const [tokens, head] = [new nn.Embedding(5, 8), new nn.Linear(8, 5)];
 * const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }).eval();
 * const cache = new nn.KVCache({ maxLength: 64 });
 * const next = compile((token: Tensor) =>
 *   noGrad(() => argmax(head.forward(layer.forward(tokens.forward(token), { cache })), { dim: -1 })),
 * );
 * let token = tensor([[0]]);
 * for (let i = 0; i < 20; i++) token = next(token);
 * [cache.length, next.programs]; // => [20, 1]
 */
export class KVCache {
  /** The most places that there can be, or null. */
  readonly maxLength: number | null;
  readonly #capacity: number;
  /** With maxLength, 0-dim: the number of places seen. */
  readonly #filled: Tensor | null;
  #keys: Tensor | null = null;
  #values: Tensor | null = null;
  #length = 0;
  /** With maxLength: where places stand now, and by what they are for those rooms that programs hold. */
  #room: Room | null = null;
  readonly #rooms = new Map<string, Room>();

  constructor(options: KVCacheOptions = {}) {
    checkOptions('KVCache', options, ['capacity', 'maxLength']);
    const { capacity = 64, maxLength = null } = options;
    checkPlaces('capacity', capacity);
    if (maxLength !== null) {
      checkPlaces('maxLength', maxLength);
      if (options.capacity !== undefined)
        throw new ValueError('[KVCache] got capacity and maxLength, wanted one of them');
    }
    this.#capacity = capacity;
    this.maxLength = maxLength;
    this.#filled = maxLength === null ? null : unrecorded(() => keep(zeros([], { dtype: 'int64' })));
  }

  /**
   * The number of places seen.
   *
   * @throws RecordingError in a compiled function: with `maxLength`, `positions` and `keyLength` are for that.
   */
  get length(): number {
    return this.#filled === null ? this.#grown() : Number(this.#filled.item());
  }

  /**
   * How many of the keys that `append` gave are there, for {@link scaledDotProductAttention}: 0-dim, int64, or null without
   * `maxLength`, where all of them are. It counts on with the cache.
   */
  get keyLength(): Tensor | null {
    return this.#filled;
  }

  /**
   * The next `count` places, [count], int64: what an embedding of positions takes.
   *
   * @throws ValueError for a count below 1.
   * @throws RecordingError without `maxLength` in a compiled function.
   */
  positions(count = 1): Tensor {
    checkPlaces('count', count);
    if (this.#filled === null) return arange(this.#grown(), this.#grown() + count);
    return add(arange(count), this.#filled);
  }

  /**
   * Appends the keys and values of L further places and gives those of all places, as views that the next call leaves alone; with
   * `maxLength` all that there is room for, of which the first `keyLength` are there.
   *
   * keys: [N, H, L, D], values: [N, H, L, Dv]; gives [N, H, S, D] and [N, H, S, Dv]. An empty cache takes what comes; after that
   * it keeps shape and dtype, and others are cast to the latter.
   * @throws AutogradError outside `noGrad`.
   * @throws ShapeError if they do not go with what is there.
   * @throws IndexError for more places than `maxLength`.
   * @throws RecordingError without `maxLength` in a compiled function.
   */
  append(keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    checkTensor('KVCache', 'keys', keys);
    checkTensor('KVCache', 'values', values);
    if (keys.ndim === 4 && values.ndim === 4 && keys.shape[2] !== values.shape[2]) {
      throw new ShapeError(
        `[KVCache] keys are ${shapeText(keys.shape)} and values ${shapeText(values.shape)}, wanted as many places of both`,
      );
    }
    const [[samples, heads], [n, h]] = [checkHeads('keys', keys), checkHeads('values', values)];
    if (samples !== n || heads !== h) {
      throw new ShapeError(
        `[KVCache] keys are ${shapeText(keys.shape)} and values ${shapeText(values.shape)}, wanted as many samples and heads of both`,
      );
    }
    if (isGradEnabled()) {
      throw new AutogradError('[KVCache] got a call that records gradients, wanted one inside noGrad');
    }
    if (this.#filled !== null) return this.#write(keys, values, this.#filled);
    this.#grown();
    return scoped(() => {
      this.#keys = this.#put(this.#keys, 'keys', keys);
      this.#values = this.#put(this.#values, 'values', values);
      this.#length += keys.shape[2]!;
      return [narrow(this.#keys, 2, 0, this.#length), narrow(this.#values, 2, 0, this.#length)];
    });
  }

  /**
   * Forgets all places; what was made room for stays.
   *
   * @throws RecordingError without `maxLength` in a compiled function.
   */
  clear(): void {
    if (this.#filled !== null) noGrad(() => this.#filled!.fill_(0));
    else this.#grown();
    this.#length = 0;
  }

  /** The number of places without maxLength: a number of JavaScript, with which every replay would go on from the same place. */
  #grown(): number {
    refuseRecorded(
      'a cache that grows is used in a compiled function; a replay would not count its places on',
      'make it with room for all of them, new KVCache({ maxLength })',
      'KVCache',
    );
    return this.#length;
  }

  #full(count: number, cause: IndexError): IndexError {
    return new IndexError(
      `[KVCache] got ${count} further ${count === 1 ? 'place' : 'places'}, wanted no more than maxLength, ${this.maxLength}, in all`,
      { cause },
    );
  }

  /** Of an error of a replay: the one above, if it is for that. While other calls count on there is no telling. */
  #fullInReplay(count: number, error: unknown): IndexError | undefined {
    if (!(error instanceof IndexError && error.message.startsWith('[indexCopy]'))) return undefined;
    try {
      return this.length + count > this.maxLength! ? this.#full(count, error) : undefined;
    } catch (busy) {
      if (busy instanceof BusyError) return undefined;
      throw busy;
    }
  }

  /** At the places that a tensor counts, so that a program writes where the replay is. */
  #write(keys: Tensor, values: Tensor, filled: Tensor): [keys: Tensor, values: Tensor] {
    const room = this.#roomFor(keys, values);
    scoped(() => {
      const count = keys.shape[2]!;
      currentRecording()?.explains((error) => this.#fullInReplay(count, error));
      const places = count === 1 ? reshape(filled, [1]) : add(arange(count), filled);
      try {
        room.keys.indexCopy_(2, places, to(keys, room.keys.dtype));
      } catch (error) {
        throw error instanceof IndexError ? this.#full(count, error) : error;
      }
      room.values.indexCopy_(2, places, to(values, room.values.dtype));
      filled.add_(count);
    });
    return [room.keys, room.values];
  }

  /**
   * All places at once; they are state, also when they are made while a function is recorded. What a program writes to has to be
   * what comes next when there are samples of that shape again.
   */
  #roomFor(keys: Tensor, values: Tensor): Room {
    const name = [keys, values].map(({ shape, dtype }) => [...shape.toSpliced(2, 1), dtype].join()).join();
    let room = this.#room;
    if (room?.name !== name) {
      if (room === null || unrecorded(() => this.length) === 0) {
        room = this.#rooms.get(name) ?? this.#makeRoom(name, keys, values);
        this.#room = room;
      } else if (!fitsIn(room.keys, keys)) throw unlike('keys', keys, room.keys);
      else if (!fitsIn(room.values, values)) throw unlike('values', values, room.values);
    }
    if (isRecording()) this.#rooms.set(room.name, room);
    return room;
  }

  #makeRoom(name: string, keys: Tensor, values: Tensor): Room {
    const room = ({ shape, dtype }: Tensor): Tensor =>
      unrecorded(() => keep(zeros([shape[0]!, shape[1]!, this.maxLength!, shape[3]!], { dtype })));
    return { name, keys: room(keys), values: room(values) };
  }

  #put(stored: Tensor | null, name: string, added: Tensor): Tensor {
    const [samples, heads, count, width] = checkHeads(name, added);
    const empties = this.#length === 0;
    const known = stored?.shape;
    const sameShape = known?.[0] === samples && known[1] === heads && known[3] === width;
    const fits = sameShape && (!empties || stored!.dtype === added.dtype);
    if (!fits && !empties) {
      throw unlike(name, added, stored!);
    }
    const wanted = this.#length + count;
    let room = fits ? stored! : null;
    if (room === null || room.shape[2]! < wanted) {
      const places = Math.max(wanted, room === null ? this.#capacity : 2 * room.shape[2]!);
      const wider = keep(empty([samples, heads, places, width], { dtype: added.dtype }));
      if (room !== null && this.#length > 0) {
        narrow(wider, 2, 0, this.#length).copy_(narrow(room, 2, 0, this.#length));
      }
      room = wider;
    }
    narrow(room, 2, this.#length, count).copy_(added);
    return room;
  }
}

/** With maxLength: all places of samples of one shape. */
interface Room {
  /** Shapes but for the places, and dtypes. */
  readonly name: string;
  readonly keys: Tensor;
  readonly values: Tensor;
}

function fitsIn({ shape: [n, h, , d] }: Tensor, { shape }: Tensor): boolean {
  return n === shape[0] && h === shape[1] && d === shape[3];
}

function checkPlaces(name: string, value: number): void {
  checkInt('KVCache', name, value);
  if (value < 1) throw new ValueError(`[KVCache] ${name}: got ${value}, wanted at least 1`);
}

function checkHeads(name: string, added: Tensor): [number, number, number, number] {
  if (added.ndim === 4) return added.shape as [number, number, number, number];
  throw new ShapeError(`[KVCache] ${name} is ${shapeText(added.shape)}, wanted [N, H, L, D]`);
}

function unlike(name: string, added: Tensor, { shape }: Tensor): ShapeError {
  const wanted = `[${shape[0]}, ${shape[1]}, L, ${shape[3]}]`;
  return new ShapeError(`[KVCache] ${name} is ${shapeText(added.shape)}, wanted ${wanted}`);
}
