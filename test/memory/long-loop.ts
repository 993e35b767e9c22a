// Trains without tidy, dispose or await, and prints what memory did:
//   node --import tsx test/memory/long-loop.ts WORKLOAD STEPS
// WORKLOAD is mlp_tiny, mlp_mnist or lenet_mnist. The long runs: mlp_tiny 100000, mlp_mnist 3000, lenet_mnist 300.
// Prints one line of JSON: peak resident MB, and live tensors at a tenth of the way and at the end.
import { crossEntropy, manualSeed, memory, nn, optim, randint, randn, type Tensor } from '../../lib/index.js';

interface Workload {
  readonly input: readonly number[];
  readonly classes: number;
  readonly make: () => nn.Module<[Tensor], Tensor>;
  readonly optimizer: (parameters: Tensor[]) => optim.Optimizer;
}

const workloads: Readonly<Record<string, Workload>> = {
  mlp_tiny: {
    input: [32, 16],
    classes: 4,
    make: () =>
      new nn.Sequential(
        new nn.Linear(16, 64),
        new nn.Tanh(),
        new nn.Linear(64, 64),
        new nn.Tanh(),
        new nn.Linear(64, 4),
      ),
    optimizer: (parameters) => new optim.SGD(parameters, { lr: 0.1 }),
  },
  mlp_mnist: {
    input: [128, 784],
    classes: 10,
    make: () =>
      new nn.Sequential(
        new nn.Linear(784, 512),
        new nn.ReLU(),
        new nn.Linear(512, 512),
        new nn.ReLU(),
        new nn.Linear(512, 10),
      ),
    optimizer: (parameters) => new optim.Adam(parameters, { lr: 1e-3 }),
  },
  lenet_mnist: {
    input: [64, 1, 28, 28],
    classes: 10,
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 32, 3),
        new nn.ReLU(),
        new nn.Conv2d(32, 64, 3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(9216, 128),
        new nn.ReLU(),
        new nn.Linear(128, 10),
      ),
    optimizer: (parameters) => new optim.Adam(parameters, { lr: 1e-3 }),
  },
};

const [name = 'mlp_tiny', count = '1000'] = process.argv.slice(2);
const workload = workloads[name];
if (workload === undefined) throw new Error(`no workload ${name}: ${Object.keys(workloads).join(', ')}`);
const steps = Number(count);

manualSeed(1);
const model = workload.make();
const x = randn(workload.input);
const y = randint(0, workload.classes, [workload.input[0]!]);
const optimizer = workload.optimizer([...model.parameters()]);

const live: number[] = [];
let loss: Tensor | undefined;
for (let step = 1; step <= steps; ++step) {
  optimizer.zeroGrad();
  loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  if (step % Math.max(1, Math.floor(steps / 10)) === 0) live.push(memory().tensors);
}

console.log(
  JSON.stringify({
    workload: name,
    steps,
    loss: loss?.item(),
    // Kilobytes, of the whole life of the process.
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    live,
  }),
);
