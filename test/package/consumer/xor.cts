// Trains XOR as a user's CommonJS program would; its types are checked as CommonJS.
import lanegrad = require('lanegrad');
const { bceWithLogits, info, manualSeed, nn, noGrad, optim, tensor } = lanegrad;
type Tensor = lanegrad.Tensor;

manualSeed(1);
const x: Tensor = tensor(
  [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  { dtype: 'float32' },
);
const y: Tensor = tensor([[0], [1], [1], [0]], { dtype: 'float32' });
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
let loss = Infinity;
for (let step = 0; step < 400; step++) {
  optimizer.zeroGrad();
  const error: Tensor = bceWithLogits(model.forward(x), y);
  error.backward();
  optimizer.step();
  loss = Number(error.item());
}
const wrong = noGrad(() => model.forward(x).gt(0).to('float32').ne(y).sum().item());
console.log(JSON.stringify({ backend: info().name, loss, wrong: Number(wrong) }));
