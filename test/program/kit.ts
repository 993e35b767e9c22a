import { backend } from '../../lib/backend/current.js';
import type { Program, ProgramOptions, Programs } from '../../lib/backend/programs.js';
import type { Tensor } from '../../lib/index.js';
import { gradientsChanged } from '../../lib/tensor.js';

/** Only the native backend has programs. */
export const native = backend.name === 'native';

export function programs(): Programs<Tensor> {
  if (!backend.programs) throw new Error('this backend has no programs');
  return backend.programs;
}

const exact: ProgramOptions = { passes: 'exact', keepGrads: true, profile: false };

/** Records a call of `fn`; gives its results and the program. */
export function record(
  fn: (...args: Tensor[]) => Tensor | readonly Tensor[],
  args: readonly Tensor[],
  options: Partial<ProgramOptions> = {},
): { results: readonly Tensor[]; program: Program<Tensor> } {
  programs().begin(args);
  try {
    const made = fn(...args);
    const results: readonly Tensor[] = Array.isArray(made) ? (made as Tensor[]) : [made as Tensor];
    return { results, program: programs().end(results, { ...exact, ...options }) };
  } catch (error) {
    programs().abort();
    throw error;
  } finally {
    gradientsChanged();
  }
}

/** Replays a call. */
export function replay(program: Program<Tensor>, args: readonly Tensor[]): Tensor[] {
  if (!program.ready(args)) throw new Error('the program is not ready');
  try {
    return program.run(args);
  } finally {
    gradientsChanged();
  }
}

/** What `compile` does: replays where a program is ready, else records. */
export function stepper(
  fn: (...args: Tensor[]) => Tensor | readonly Tensor[],
  options: Partial<ProgramOptions> = {},
): { call(...args: Tensor[]): readonly Tensor[]; readonly made: Program<Tensor>[] } {
  const made: Program<Tensor>[] = [];
  return {
    made,
    call(...args) {
      const ready = made.find((program) => program.ready(args));
      if (ready) return replay(ready, args);
      const { results, program } = record(fn, args, options);
      made.push(program);
      return results;
    },
  };
}

/** The bits of a float32 tensor. */
export function bits(tensor: Tensor): string {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}
