import { nn, optim, randint, type Tensor } from '../../lib/index.js';
import { trainingStep } from '../step.js';
import type { Workload } from '../step.js';

class CharacterModel extends nn.Module {
  readonly embedding = new nn.Embedding(96, 128);
  readonly lstm = new nn.LSTM(128, 256, { numLayers: 2, batchFirst: true });
  readonly out = new nn.Linear(256, 96);

  /** characters: [N, T]; gives the logits of all positions in one row: [N T, 96]. */
  forward(characters: Tensor): Tensor {
    const [states] = this.lstm.forward(this.embedding.forward(characters));
    return this.out.forward(states).reshape([-1, 96]);
  }
}

/** A character model: embedding 96x128, a two-layer LSTM 128-256-256, linear 256-96 at every position; Adam. */
export const lstmCharlm: Workload = {
  name: 'lstm_charlm',
  parameters: 958560,
  build() {
    const model = new CharacterModel();
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    return trainingStep(model, optimizer, randint(0, 96, [32, 64]), randint(0, 96, [2048]));
  },
};
