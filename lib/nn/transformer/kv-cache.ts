import { checkInt, checkOptions, checkTensor, shapeText } from '../../check.js';
import { AutogradError, ShapeError, ValueError } from '../../errors.js';
import { isGradEnabled } from '../../grad-mode.js';
import { empty } from '../../ops/creation.js';
import { narrow } from '../../ops/view.js';
import { keep, scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';

export interface KVCacheOptions {
  /** Places to make room for at once; more come as they are needed, twice as many each time. Default 64. */
  capacity?: number;
}

/**
 * The keys and values of the places that an attention has seen, so that generating the next one does not compute them again.
 * One for each {@link MultiheadAttention}; for evaluation without gradients.
 *
 * keys and values: [N, H, S, D], S growing.
 * @throws ValueError for a capacity below 1.
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
 */
export class KVCache {
  readonly #capacity: number;
  #keys: Tensor | null = null;
  #values: Tensor | null = null;
  #length = 0;

  constructor(options: KVCacheOptions = {}) {
    checkOptions('KVCache', options, ['capacity']);
    const { capacity = 64 } = options;
    checkInt('KVCache', 'capacity', capacity);
    if (capacity < 1) throw new ValueError(`[KVCache] capacity: got ${capacity}, wanted at least 1`);
    this.#capacity = capacity;
  }

  /** The number of places seen. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends the keys and values of L further places and gives those of all places, as views that the next call leaves alone.
   *
   * keys: [N, H, L, D], values: [N, H, L, Dv]; gives [N, H, S, D] and [N, H, S, Dv].
   * @throws AutogradError outside `noGrad`.
   * @throws ShapeError if they do not go with what is there.
   */
  append(keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    checkTensor('KVCache', 'keys', keys);
    checkTensor('KVCache', 'values', values);
    if (keys.ndim === 4 && values.ndim === 4 && keys.shape[2] !== values.shape[2]) {
      throw new ShapeError(
        `[KVCache] keys are ${shapeText(keys.shape)} and values ${shapeText(values.shape)}, wanted as many places of both`,
      );
    }
    if (isGradEnabled()) {
      throw new AutogradError('[KVCache] got a call that records gradients, wanted one inside noGrad');
    }
    return scoped(() => {
      this.#keys = this.#put(this.#keys, 'keys', keys);
      this.#values = this.#put(this.#values, 'values', values);
      this.#length += keys.shape[2]!;
      return [narrow(this.#keys, 2, 0, this.#length), narrow(this.#values, 2, 0, this.#length)];
    });
  }

  /** Forgets all places; what was made room for stays. */
  clear(): void {
    this.#length = 0;
  }

  #put(stored: Tensor | null, name: string, added: Tensor): Tensor {
    const [samples, heads, count, width] = added.shape as [number, number, number, number];
    if (added.ndim !== 4) {
      throw new ShapeError(`[KVCache] ${name} is ${shapeText(added.shape)}, wanted [N, H, L, D]`);
    }
    const empties = this.#length === 0;
    const known = stored?.shape;
    const fits = known?.[0] === samples && known[1] === heads && known[3] === width;
    if (!fits && !empties) {
      throw new ShapeError(
        `[KVCache] ${name} is ${shapeText(added.shape)}, wanted [${known?.[0]}, ${known?.[1]}, L, ${known?.[3]}]`,
      );
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
