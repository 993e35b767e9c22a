import { call, type Extra, type Row } from '../call.js';

/** A module: how it is made and how it is called, in the language of call.ts. */
export interface Layer {
  readonly make: Row;
  readonly forward: Row;
}

export type Layers = Readonly<Record<string, Layer>>;

/** What PyTorch's constructor and `forward` take. Most take one tensor. */
export function layer(make = '', forward = 'input', extra: { make?: Extra; forward?: Extra } = {}): Layer {
  return { make: call(make, extra.make), forward: call(forward, extra.forward) };
}
