import { enableGrad, grad, onesLike } from '../../../../lib/index.js';
import type { Tensor } from '../../../../lib/index.js';
import type { Input, OpCase, TorchProgram } from '../../case.js';

export interface Kernel {
  readonly group: OpCase['group'];
  readonly name: string;
  /** The dtype, as the name says it. */
  readonly variant?: string;
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Tensor[]) => Tensor;
  /** The same in PyTorch, as an expression of a, b, c ... */
  readonly torch: string;
  /** Which inputs get gradients in the case with backward: all unless said otherwise; none: forward only. */
  readonly moved?: readonly number[];
  readonly flops?: number;
  /** Of forward and backward, if not three times as many. */
  readonly flopsBoth?: number;
  readonly bytes?: number;
  readonly bytesBoth?: number;
  /** The same in other layouts of PyTorch: statements that make a1, b1, ..., of which the better time counts. */
  readonly layouts?: string;
}

const letters = ['a', 'b', 'c', 'd', 'e'];

/** The forward pass, and forward and backward together. */
export function withGradient(kernel: Kernel): OpCase[] {
  const { group, inputs, call, variant = 'f32' } = kernel;
  const moved = kernel.moved ?? inputs.map((_, i) => i);
  const forward: OpCase = {
    name: `${kernel.name} ${variant} fwd`,
    group,
    inputs,
    call,
    ...(kernel.flops === undefined ? {} : { flops: kernel.flops }),
    ...(kernel.bytes === undefined ? {} : { bytes: kernel.bytes }),
    torch: program(kernel, undefined),
  };
  if (moved.length === 0) return [forward];
  const flops = kernel.flopsBoth ?? (kernel.flops === undefined ? undefined : 3 * kernel.flops);
  const { bytesBoth } = kernel;
  const both: OpCase = {
    ...forward,
    name: `${kernel.name} ${variant} fwd+bwd`,
    prepare: (...made) => backwardOf(call, made, moved),
    ...(flops === undefined ? {} : { flops }),
    ...(bytesBoth === undefined ? {} : { bytes: bytesBoth }),
    torch: program(kernel, moved),
  };
  return [forward, both];
}

/** The gradients of the sum of the result, as PyTorch's side computes them. */
function backwardOf(
  call: (...inputs: Tensor[]) => Tensor,
  made: readonly Tensor[],
  moved: readonly number[],
): () => readonly Tensor[] {
  const leaves = moved.map((i) => made[i]!.requiresGrad_());
  const gradOutputs = onesLike(call(...made)).detach();
  return () => enableGrad(() => grad(call(...made), leaves, { gradOutputs }));
}

function program({ inputs, torch, layouts }: Kernel, moved: readonly number[] | undefined): TorchProgram {
  const names = letters.slice(0, inputs.length);
  const variants = layouts === undefined ? [''] : ['', '1'];
  const setup = layouts === undefined ? [] : [layouts];
  const calls = variants.map((suffix, i) => {
    const own = names.map((name) => `${name}${suffix}`).join(', ');
    setup.push(`f${i} = lambda ${names.join(', ')}: ${torch}`);
    if (moved === undefined) return `f${i}(${own})`;
    setup.push(`g${i} = backward_of(f${i}, [${own}], [${moved.join(', ')}])`);
    return `g${i}()`;
  });
  return { setup: setup.join('\n'), calls };
}
