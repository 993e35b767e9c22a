import { cat, crossEntropy, nn, optim, randint, type Tensor } from '../../lib/index.js';
import { update } from '../step.js';
import type { Workload } from '../step.js';

const vocabulary = 4000;
const width = 256;

class Translator extends nn.Module<[source: Tensor, target: Tensor]> {
  readonly sourceEmbedding = new nn.Embedding(vocabulary, width);
  readonly targetEmbedding = new nn.Embedding(vocabulary, width);
  readonly encoder = new nn.GRU(width, width, { batchFirst: true });
  readonly decoder = new nn.GRU(width, width, { batchFirst: true });
  readonly join = new nn.Linear(2 * width, width);
  readonly out = new nn.Linear(width, vocabulary);

  /** source: [N, S], target: [N, T] (teacher forcing); gives logits [N, T, vocabulary]. */
  forward(source: Tensor, target: Tensor): Tensor {
    const [encoded, state] = this.encoder.forward(this.sourceEmbedding.forward(source));
    const [decoded] = this.decoder.forward(this.targetEmbedding.forward(target), state);
    const context = decoded.matmul(encoded.transpose(1, 2)).softmax(-1).matmul(encoded);
    return this.out.forward(this.join.forward(cat([decoded, context], -1)).tanh());
  }
}

/** GRU encoder and decoder with dot-product attention, vocabulary 4000, width 256; Adam. */
export const gruSeq2seq: Workload = {
  name: 'gru_seq2seq',
  parameters: 3996832,
  build() {
    const model = new Translator();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const words = (): Tensor => randint(0, vocabulary, [32, 32]);
    const [source, target, labels] = [words(), words(), words().reshape([-1])];
    const loss = (): Tensor => crossEntropy(model.forward(source, target).reshape([-1, vocabulary]), labels);
    return { step: update(optimizer, loss), model };
  },
};
