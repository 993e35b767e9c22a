// npm run mnist -- [--backend native|js] [--limit N] [--epochs N] [--seed N] [--threads N]
// Trains a small convolutional network on MNIST; the last line is "test accuracy 0.9xxx".
import { parseArgs } from 'node:util';

const usage = 'npm run mnist -- [--backend native|js] [--limit N] [--epochs N] [--seed N] [--threads N]';

function parse() {
  try {
    return parseArgs({
      options: {
        backend: { type: 'string' },
        limit: { type: 'string' },
        epochs: { type: 'string', default: '3' },
        seed: { type: 'string', default: '1' },
        threads: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return process.exit(2);
  }
}

const options = parse();
if (options.help) {
  console.log(usage);
  process.exit(0);
}

function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} takes an integer from ${least}, got ${text}\n${usage}`);
  return process.exit(2);
}

// The library chooses its backend and its threads when it is loaded, hence the settings first and the import after.
if (options.backend !== undefined) process.env.LANEGRAD_BACKEND = options.backend;
if (options.threads !== undefined) {
  process.env.LANEGRAD_NUM_THREADS = String(integer('threads', options.threads, 1));
}
const { train } = await import('./train.js');
train({
  epochs: integer('epochs', options.epochs, 1),
  seed: integer('seed', options.seed, 0),
  limit: options.limit === undefined ? Infinity : integer('limit', options.limit, 1),
});
