// What a folder of reference cases holds: typed arguments, samples, and one manifest an op. Names are PyTorch's.

/** A number as JSON can hold it. */
export type StoredNumber = number | 'nan' | 'inf' | '-inf';

export type Arg =
  | TensorArg
  | { readonly t: 'none' | 'ellipsis' }
  | { readonly t: 'int'; readonly v: number | string }
  | { readonly t: 'float'; readonly v: StoredNumber }
  | { readonly t: 'complex'; readonly v: readonly [StoredNumber, StoredNumber] }
  | { readonly t: 'bool'; readonly v: boolean }
  | { readonly t: 'str' | 'dtype' | 'device' | 'layout' | 'memory_format'; readonly v: string }
  | { readonly t: 'function'; readonly v: string }
  | { readonly t: 'slice'; readonly v: readonly [Arg, Arg, Arg] }
  | { readonly t: 'list' | 'tuple'; readonly v: readonly Arg[]; readonly names?: readonly string[] }
  | { readonly t: 'dict'; readonly v: Readonly<Record<string, Arg>> }
  | { readonly t: 'module'; readonly class: string; readonly kwargs: Readonly<Record<string, Arg>> };

export interface TensorArg {
  readonly t: 'tensor';
  /** Key in the file of tensors; absent where only shape and dtype are known. */
  readonly ref?: string;
  readonly requires_grad?: true;
  readonly strides?: readonly number[];
  readonly shape?: readonly number[];
  readonly dtype?: string;
}

/** `args.0`, `args.1.2`, `kwargs.weight`; of outputs `out`, `out.0`. */
export type Path = string;

/** Relative and absolute. */
export type Tolerance = readonly [rtol: number, atol: number];

export interface Sample {
  readonly id: string;
  readonly dtype: string;
  readonly args: readonly Arg[];
  readonly kwargs: Readonly<Record<string, Arg>>;
  readonly check: 'values' | 'shape_dtype' | 'gauge';
  readonly out: Arg;
  readonly tol?: Tolerance;
  readonly cotangents?: Readonly<Record<Path, string>>;
  readonly grads?: Readonly<Record<Path, string | null>>;
  readonly grad_tol?: Tolerance;
  readonly grad_cotangents?: Readonly<Record<Path, string>>;
  readonly grad_grads?: Readonly<Record<Path, string | null>>;
  readonly grad_grad_tol?: Tolerance;
}

/** A call that must throw. */
export interface ErrorSample {
  readonly id: string;
  readonly args: readonly Arg[];
  readonly kwargs: Readonly<Record<string, Arg>>;
  readonly message: string;
}

export interface OpManifest {
  readonly format: 1;
  readonly op: string;
  readonly variant: string;
  readonly variants: { readonly method: boolean; readonly inplace: boolean };
  readonly supports_autograd: boolean;
  readonly supports_gradgrad: boolean;
  readonly ties?: true;
  readonly impl?: string;
  readonly samples: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
}

/** A layer made, loaded with a state, and called once. */
export interface ModuleSample extends Omit<Sample, 'dtype' | 'check' | 'out'> {
  readonly training: boolean;
  readonly constructor: {
    readonly args: readonly Arg[];
    readonly kwargs: Readonly<Record<string, Arg>>;
  };
  /** Tensors by PyTorch's names, to load before the call. */
  readonly state: Readonly<Record<string, string>>;
  /** Those that the call changed. */
  readonly state_after?: Readonly<Record<string, string>>;
  readonly check: 'values' | 'shape_dtype';
  /** With `values`. */
  readonly out?: Arg;
  /** With `shape_dtype`. */
  readonly out_shapes?: Readonly<Record<Path, readonly number[]>>;
}

export interface ModuleManifest {
  readonly format: 1;
  readonly module: string;
  readonly samples: readonly ModuleSample[];
}

export interface ModulesIndex {
  readonly format: 1;
  readonly kind: 'modules';
  readonly torch: string;
  readonly modules: readonly { readonly name: string; readonly file: string; readonly samples: number }[];
}

export interface OpsIndex {
  readonly format: 1;
  readonly kind: 'ops';
  readonly torch: string;
  readonly ops: readonly { readonly name: string; readonly file: string; readonly samples: number }[];
}

export function numberOf(value: StoredNumber): number {
  return value === 'nan' ? NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : value;
}

/** Calls `visit` for an argument and for all that it holds. */
export function visitArg(arg: Arg, path: Path, visit: (arg: Arg, path: Path) => void): void {
  visit(arg, path);
  if (arg.t === 'list' || arg.t === 'tuple' || arg.t === 'slice') {
    arg.v.forEach((one, i) => visitArg(one, `${path}.${i}`, visit));
  } else if (arg.t === 'dict') {
    for (const [name, one] of Object.entries(arg.v)) visitArg(one, `${path}.${name}`, visit);
  }
}

export function visitArgs(
  sample: Pick<Sample, 'args' | 'kwargs'>,
  visit: (arg: Arg, path: Path) => void,
): void {
  sample.args.forEach((arg, i) => visitArg(arg, `args.${i}`, visit));
  for (const [name, arg] of Object.entries(sample.kwargs)) visitArg(arg, `kwargs.${name}`, visit);
}
