import type { Tensor } from '../../lib/index.js';
import { visitArgs, type Path, type Sample, type TensorArg } from './read/format.js';
import type { StoredTensor, StoredTensors } from './read/stored.js';
import { makeTensor } from './tensors.js';

/** What a sample needs to be run: its tensors by path, made once. */
export class SampleTensors {
  readonly #made = new Map<Path, Tensor>();
  readonly #args = new Map<Path, TensorArg>();

  constructor(
    sample: Pick<Sample, 'args' | 'kwargs'>,
    private readonly stored: StoredTensors,
    private readonly make: (stored: StoredTensor, strides?: readonly number[]) => Tensor = makeTensor,
  ) {
    visitArgs(sample, (arg, path) => {
      if (arg.t === 'tensor') this.#args.set(path, arg);
    });
  }

  /** The tensor at a path of the arguments; a leaf where PyTorch had one. */
  readonly at = (path: Path): Tensor => {
    let made = this.#made.get(path);
    if (made === undefined) {
      const arg = this.#args.get(path);
      if (arg?.ref === undefined) throw new Error(`no tensor at ${path}`);
      made = this.make(this.of(arg.ref), arg.strides);
      if (arg.requires_grad === true) made.requiresGrad_();
      this.#made.set(path, made);
    }
    return made;
  };

  of(ref: string): StoredTensor {
    const found = this.stored.get(ref);
    if (found === undefined) throw new Error(`no tensor ${ref} in the file`);
    return found;
  }

  /** A tensor of the file, apart from the arguments: a cotangent. */
  fresh(ref: string): Tensor {
    return this.make(this.of(ref));
  }
}
