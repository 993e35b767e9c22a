import { dtypes, noGrad, tensor } from '../../lib/index.js';
import type { DType, Tensor } from '../../lib/index.js';
import type { StoredTensor } from './read/stored.js';
import { Unsupported } from './call.js';

export function hasDType(dtype: string): dtype is DType {
  return (dtypes as readonly string[]).includes(dtype);
}

/** A tensor of stored values; with strides, a view that lies in memory like that, where a view of that kind can be made. */
export function makeTensor(stored: StoredTensor, strides?: readonly number[]): Tensor {
  if (stored.dtype === 'complex64') throw new Unsupported('dtype complex64');
  if (!hasDType(stored.dtype)) throw new Error(`dtype ${stored.dtype} is not there`);
  const plan = strides && planStrides(stored.shape, strides);
  if (plan === undefined) return plain(stored);
  return noGrad(() => {
    const { data } = stored;
    const whole = data.slice(0, 1).constructor as new (length: number) => typeof data;
    const room = new whole(plan.room.reduce((a, b) => a * b, 1));
    scatter(room, data, stored.shape, strides!);
    let view = plain({ dtype: stored.dtype, shape: plan.room, data: room });
    plan.dims.forEach((dim, i) => {
      view = view.narrow(i, 0, stored.shape[dim]!);
    });
    view = view.select(plan.dims.length, 0);
    // Dims of size 1 and of stride 0 are not in memory.
    const order = [...plan.dims];
    for (const dim of plan.flat) {
      view = view.unsqueeze(order.length);
      order.push(dim);
    }
    return view.permute(stored.shape.map((_, dim) => order.indexOf(dim))).expand(stored.shape);
  });
}

function plain({ dtype, shape, data }: StoredTensor): Tensor {
  return tensor(data as Float32Array, { shape, dtype: dtype as 'float32' });
}

interface StridePlan {
  /** Dims that take room, the largest stride first. */
  readonly dims: readonly number[];
  /** The others. */
  readonly flat: readonly number[];
  /** The shape of the row-major tensor that the view is cut from; its last dim is the smallest stride. */
  readonly room: readonly number[];
}

/** How to cut a view with these strides out of a row-major tensor, or undefined where elements overlap or do not line up. */
function planStrides(shape: readonly number[], strides: readonly number[]): StridePlan | undefined {
  if (shape.includes(0)) return undefined;
  const all = shape.map((_, dim) => dim);
  const flat = all.filter((dim) => shape[dim] === 1 || strides[dim] === 0);
  const dims = all.filter((dim) => !flat.includes(dim)).sort((a, b) => strides[b]! - strides[a]!);
  const room = dims.map((dim, i) => (i === 0 ? shape[dim]! : strides[dims[i - 1]!]! / strides[dim]!));
  room.push(dims.length === 0 ? 1 : strides[dims.at(-1)!]!);
  const fits = dims.every((dim, i) => Number.isInteger(room[i]) && room[i]! >= shape[dim]!);
  return fits ? { dims, flat, room } : undefined;
}

function scatter(
  room: StoredTensor['data'],
  data: StoredTensor['data'],
  shape: readonly number[],
  strides: readonly number[],
): void {
  for (let flat = 0; flat < data.length; ++flat) {
    let rest = flat;
    let at = 0;
    for (let dim = shape.length - 1; dim >= 0; --dim) {
      if (shape[dim]! > 1) at += (rest % shape[dim]!) * strides[dim]!;
      rest = Math.floor(rest / shape[dim]!);
    }
    room[at] = data[flat]!;
  }
}

/** What a tensor holds, widened like a stored one. */
export function readTensor(value: Tensor): StoredTensor {
  const { dtype, shape, data } = value;
  return {
    dtype,
    shape,
    data: data instanceof Int8Array || data instanceof Int16Array ? Int32Array.from(data) : data,
  };
}
