// What the generator knows of the public surface, once the compiler has read it.

/** A doc comment in its parts. */
export interface Comment {
  readonly text: string;
  readonly params: readonly { readonly name: string; readonly text: string }[];
  readonly throws: readonly string[];
  readonly examples: readonly string[];
}

/** A property of an options object or of a result. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
}

export interface Fields {
  /** The parameter; empty for a result. */
  readonly of: string;
  /** The type as the signature names it. */
  readonly type: string;
  readonly fields: readonly Field[];
}

export interface Signature {
  /** Parameters with types, and the result: `(x: Tensor, dim: number): Tensor`. */
  readonly text: string;
  /** As one writes a call: `(x, dim, { dtype })`. */
  readonly call: string;
}

interface Described {
  readonly comment: Comment;
  /** One for each overload; none for a property. */
  readonly signatures: readonly Signature[];
  readonly options: readonly Fields[];
  readonly results: readonly Fields[];
  /** Of a property or constant. */
  readonly type?: string;
}

export interface Member extends Described {
  readonly name: string;
}

export interface Item extends Described {
  readonly kind: 'function' | 'class' | 'constant';
  /** Every path under which it is exported: `mse`, `F.mseLoss`. */
  readonly names: readonly string[];
  /** Relative to the root: `lib/ops/loss.ts`. */
  readonly file: string;
  /** Public members that a class declares itself, and `forward`. */
  readonly members: readonly Member[];
}
