import { SingleBar } from 'cli-progress';
import { crossEntropy, data, info, manualSeed, nn, noGrad, optim, tensor } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { readMnist } from './idx.js';

export interface TrainOptions {
  readonly epochs: number;
  readonly seed: number;
  /** At most so many training images, and a fifth as many test images. */
  readonly limit: number;
}

const batchSize = 64;
const testBatchSize = 500;
// Mean and standard deviation of all training pixels, of 0 to 255.
const pixelMean = 33.32;
const pixelStd = 78.57;

function makeModel() {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 3), // [N, 16, 26, 26]
    new nn.ReLU(),
    new nn.MaxPool2d(2), // [N, 16, 13, 13]
    new nn.Conv2d(16, 32, 3), // [N, 32, 11, 11]
    new nn.ReLU(),
    new nn.MaxPool2d(2), // [N, 32, 5, 5]
    new nn.Flatten(),
    new nn.Linear(800, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
}

/** The images stay bytes (47 MB); a batch becomes numbers around zero when it is used. */
function loadSet(set: 'train' | 't10k', limit: number): data.TensorDataset {
  const { images, labels } = readMnist(set);
  const count = Math.min(limit, labels.data.length);
  const [, height = 0, width = 0] = images.shape;
  const size = height * width;
  return new data.TensorDataset(
    tensor(images.data.subarray(0, count * size)).reshape([count, 1, height, width]),
    tensor(labels.data.subarray(0, count)).to('int64'),
  );
}

const normalize = (images: Tensor): Tensor => images.to('float32').sub(pixelMean).div(pixelStd);

function testAccuracy(model: nn.Module & { forward(x: Tensor): Tensor }, set: data.TensorDataset): number {
  model.eval();
  let correct = 0;
  noGrad(() => {
    for (const [images, labels] of new data.DataLoader(set, { batchSize: testBatchSize })) {
      const predicted = model.forward(normalize(images)).argmax({ dim: 1 });
      correct += Number(predicted.eq(labels).sum().item());
    }
  });
  model.train();
  return correct / set.length;
}

/** Trains, printing loss, accuracy and speed per epoch; returns the final accuracy on the test set. */
export function train({ epochs, seed, limit }: TrainOptions): number {
  const { name, isa, threads } = info();
  manualSeed(seed);
  const trainSet = loadSet('train', limit);
  const testSet = loadSet('t10k', Math.ceil(limit / 5));
  const model = makeModel();
  const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
  const loader = new data.DataLoader(trainSet, { batchSize, shuffle: true, seed });
  console.log(
    `MNIST: ${trainSet.length} training and ${testSet.length} test images; ` +
      `${name} backend, cpu level ${isa}, ${threads} thread${threads === 1 ? '' : 's'}`,
  );

  const start = performance.now();
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    // Large steps first, small ones to settle.
    for (const group of optimizer.paramGroups) group.lr = 2e-3 * 0.4 ** (epoch - 1);
    const bar = new SingleBar({
      format: `epoch ${epoch}/${epochs} [{bar}] {value}/{total} images, loss {loss}, {speed} images/s`,
      hideCursor: true,
      clearOnComplete: true,
    });
    bar.start(trainSet.length, 0, { loss: '-', speed: '-' });
    const epochStart = performance.now();
    const speed = (): number => (seen / (performance.now() - epochStart)) * 1000;
    let seen = 0;
    let lossSum = 0;
    for (const [images, labels] of loader) {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(normalize(images)), labels);
      loss.backward();
      optimizer.step();
      const count = labels.shape[0] ?? 0;
      seen += count;
      lossSum += Number(loss.item()) * count;
      bar.update(seen, { loss: (lossSum / seen).toFixed(4), speed: speed().toFixed(0) });
    }
    const imagesPerSecond = speed();
    bar.stop();
    accuracy = testAccuracy(model, testSet);
    console.log(
      `epoch ${epoch}: loss ${(lossSum / seen).toFixed(4)}, test accuracy ${accuracy.toFixed(4)}, ` +
        `${imagesPerSecond.toFixed(0)} images/s`,
    );
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  console.log(`test accuracy ${accuracy.toFixed(4)}`);
  return accuracy;
}
