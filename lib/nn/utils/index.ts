// The public surface of `nn.utils`.
export * as rnn from './rnn.js';
