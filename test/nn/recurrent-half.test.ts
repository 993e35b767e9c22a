// Recurrent layers of 16-bit floats: gradients of inputs and weights are products of such numbers, each sum rounded once.
import { describe, expect, it } from 'vitest';
import { manualSeed, nn, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';

const layers = { RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU };
const units = { bfloat16: 2 ** -8, float16: 2 ** -11 } as const;

type Sequences = Tensor | nn.utils.rnn.PackedSequence;

/** Gradients of the input and of all parameters, for one gradient of the output. */
function gradients(
  layer: nn.RNN | nn.LSTM | nn.GRU,
  x: Tensor,
  grad: Tensor,
  lengths: number[] | null,
): Tensor[] {
  const leaf = x.detach().clone().requiresGrad_();
  const input = lengths ? nn.utils.rnn.packPaddedSequence(leaf, lengths, { batchFirst: true }) : leaf;
  const forward = layer.forward.bind(layer) as unknown as (given: Sequences) => [Sequences];
  const [out] = forward(input);
  const padded = lengths
    ? nn.utils.rnn.padPackedSequence(out as nn.utils.rnn.PackedSequence, { batchFirst: true })[0]
    : (out as Tensor);
  padded.backward({ gradient: grad });
  return [leaf.grad!, ...[...layer.parameters()].map((p) => p.grad!)];
}

describe.each(Object.keys(layers) as (keyof typeof layers)[])('%s', (kind) => {
  it.each([
    ['bfloat16', null],
    ['bfloat16', [9, 7, 7, 2]],
    ['float16', null],
    ['float16', [9, 7, 7, 2]],
  ] as const)('of %s has the gradients of float32, lengths %j', (dtype, lengths) => {
    manualSeed(11);
    const made = (): nn.RNN | nn.LSTM | nn.GRU =>
      new layers[kind](70, 48, { batchFirst: true, bidirectional: true });
    const narrow = made().to(dtype);
    const wide = made();
    wide.loadStateDict(narrow.stateDict());
    const x = randn([4, 9, 70]).to(dtype);
    const grad = randn([4, 9, 96]).to(dtype);
    const got = gradients(narrow, x, grad, lengths && [...lengths]);
    const wanted = gradients(wide, x.float(), grad.float(), lengths && [...lengths]);
    expect(got.length).toBe(wanted.length);
    for (const [i, g] of got.entries()) {
      expect(g.dtype).toBe(dtype);
      const error = g.float().sub(wanted[i]!).abs().max().item();
      // The gradients of gates are rounded on the way, and states: some units of the largest sum.
      expect(error).toBeLessThan(8 * units[dtype] * wanted[i]!.abs().max().item());
    }
  });
});
