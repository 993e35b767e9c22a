/** What the schema of an op says; see native/ops/op.h, where the records are. */
export interface OpRecord {
  readonly inputs: readonly OpInputDef[];
  readonly attrs: readonly OpAttrDef[];
  readonly outputs: readonly OpOutputDef[];
  readonly flags: readonly OpFlag[];
  readonly promotion: OpPromotion;
  /** Absent: none. */
  readonly autocast?: OpAutocast;
}

export interface OpInputDef {
  readonly name: string;
  readonly kind: 'one' | 'optional' | 'list';
  /** The op writes this input in place. */
  readonly mutates?: true;
  /** Not passed by the caller: the gradients of the list input with this index. */
  readonly gradsOf?: number;
  /** `false`: never on the tape (indices, counters, targets). */
  readonly differentiable?: false;
}

export interface OpOutputDef {
  readonly name: string;
  readonly differentiable?: false;
}

export interface OpAttrDef {
  readonly name: string;
  readonly type: 'int' | 'float' | 'bool' | 'enum' | 'dtype' | 'ints';
  /** Of an enum. */
  readonly choices?: readonly string[];
}

export type OpFlag =
  'elementwise' | 'reduction' | 'view' | 'random' | 'dynamic' | 'primitive' | 'internal' | 'wideNumbers';

/**
 * What happens to the dtypes of the differentiable inputs before the op runs: nothing; all to the dtype they
 * promote to; the same and integers on to float32.
 */
export type OpPromotion = 'none' | 'common' | 'commonFloating';

/**
 * Which dtype autocast gives the floating inputs: that of the scope; float32; float32 if one of them is, else that of the scope.
 */
export type OpAutocast = 'lower' | 'float32' | 'promote';
