import { parentPort } from 'node:worker_threads';
import { memory, ones } from '../../lib/index.js';
import { train } from './small-nets.js';

// Trains in a worker, says what came out, and leaves live tensors and a tape behind for the end of the thread.
const losses = train('mlp', 10);
const left = ones([1000], { requiresGrad: true }).exp();
parentPort?.postMessage({ losses, tensors: memory().tensors, left: left.shape });
