import { describe, it } from 'vitest';
import { crossEntropy, nn, optim, randint, randn } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { expectSame } from './support.js';
import type { Training } from './support.js';

/** Small versions of the networks that the benchmarks train. */

class ResBlock extends nn.Module {
  conv1 = new nn.Conv2d(3, 3, 3, { padding: 1, bias: false });
  norm1 = new nn.BatchNorm2d(3);
  conv2 = new nn.Conv2d(3, 3, 3, { padding: 1, bias: false });
  norm2 = new nn.BatchNorm2d(3, { momentum: null });
  head = new nn.Linear(3, 4);

  forward(x: Tensor): Tensor {
    const y = this.norm1.forward(this.conv1.forward(x)).relu();
    return this.head.forward(
      this.norm2
        .forward(this.conv2.forward(y))
        .add(x)
        .relu()
        .mean({ dim: [2, 3] }),
    );
  }
}

class CharLstm extends nn.Module {
  embed = new nn.Embedding(11, 6);
  lstm = new nn.LSTM(6, 8, { numLayers: 2, dropout: 0.2, batchFirst: true });
  head = new nn.Linear(8, 11);

  forward(x: Tensor): Tensor {
    const [output] = this.lstm.forward(this.embed.forward(x));
    return this.head.forward(output).reshape([-1, 11]);
  }
}

class Gpt extends nn.Module {
  embed = new nn.Embedding(11, 8);
  block = new nn.TransformerEncoderLayer(8, 2, {
    dimFeedforward: 16,
    dropout: 0.1,
    batchFirst: true,
    normFirst: true,
  });
  norm = new nn.LayerNorm([8]);
  head = new nn.Linear(8, 11);

  forward(x: Tensor): Tensor {
    const y = this.block.forward(this.embed.forward(x), { isCausal: true });
    return this.head.forward(this.norm.forward(y)).reshape([-1, 11]);
  }
}

const mlp = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(6, 16),
    new nn.Tanh(),
    new nn.Linear(16, 16),
    new nn.ReLU(),
    new nn.Linear(16, 4),
  );

const lenet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 6, 3),
    new nn.ReLU(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(24, 4),
  );

type Net = nn.Module & { forward(x: Tensor): Tensor };

function training(make: () => Net, batches: () => Tensor[][], lr = 0.01): Training {
  const model = make();
  const optimizer = new optim.AdamW(model.parameters(), { lr });
  const list = batches();
  return {
    step(x, y) {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    },
    batch: (i) => list[i % list.length]!,
    state: () => Object.values(model.stateDict()),
  };
}

/** Three batches of images, or of numbers. */
const numbers = (shape: readonly number[]) => (): Tensor[][] =>
  [0, 1, 2].map(() => [randn(shape), randint(0, 4, [shape[0]!])]);
/** Batches of sequences: each token is to be told from those before. */
const tokens = (): Tensor[][] => [0, 1].map(() => [randint(0, 11, [3, 7]), randint(0, 11, [21])]);

const nets: Record<string, () => Training> = {
  MLP: () => training(mlp, numbers([8, 6])),
  LeNet: () => training(lenet, numbers([5, 1, 12, 12])),
  'ResNet block': () => training(() => new ResBlock(), numbers([4, 3, 6, 6])),
  LSTM: () => training(() => new CharLstm(), tokens),
  'GPT block': () => training(() => new Gpt(), tokens),
};

describe.each(Object.keys(nets))('%s', (name) => {
  it('trains the same compiled', () => {
    expectSame(nets[name]!);
  });
});

it('changes of the batch size and back use the programs that there are', () => {
  const sizes = [8, 5, 8, 3, 5, 8];
  expectSame(() => training(mlp, () => sizes.map((n) => [randn([n, 6]), randint(0, 4, [n])])), {
    steps: 24,
    programs: 6,
  });
});

it('a network that is loaded goes on with what was loaded', () => {
  const make = (): Training => {
    const model = mlp();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const [x, goal] = [randn([8, 6]), randn([8, 4])];
    let saved: nn.StateDict | undefined;
    return {
      step() {
        optimizer.zeroGrad();
        const loss = model.forward(x).sub(goal).square().mean();
        loss.backward();
        optimizer.step();
        return loss;
      },
      batch: () => [],
      after(i) {
        if (i === 3)
          saved = Object.fromEntries(
            Object.entries(model.stateDict()).map(([key, value]) => [key, value.clone()]),
          );
        if (i === 8) model.loadStateDict(saved!);
      },
      state: () => model.parameters(),
    };
  };
  expectSame(make, { steps: 14 });
});
