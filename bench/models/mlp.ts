import { nn } from '../../lib/index.js';

/** Linear 784-512-512-10 with relu between. */
export function makeMlp(): nn.Sequential<[nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]> {
  return new nn.Sequential(
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, 10),
  );
}
