import type { DType } from '../../dtype.js';
import { isFloat } from '../../dtype.js';
import type { OpAutocast } from '../op-record.js';
import { RefTensor } from './array.js';
import type { Operand, Tape } from './tape.js';

interface CachedCast {
  readonly version: number;
  readonly cast: RefTensor;
  /** With a way back to the leaf. */
  readonly recorded: boolean;
}

/** What an autocast scope gives the operands of an op; see native/graph/autocast.h. */
export class CastScope {
  dtype: DType | null = null;
  private readonly casts = new Map<RefTensor, CachedCast>();

  constructor(private readonly tape: Tape) {}

  forget(): void {
    this.casts.clear();
  }

  operands(policy: OpAutocast, given: readonly Operand[]): readonly Operand[] {
    const wide =
      policy === 'float32' || (policy === 'promote' && given.some((x) => isCast(x) && x.dtype === 'float32'));
    return given.map((x) => (isCast(x) ? (wide ? this.to(x, 'float32') : this.lowered(x)) : x));
  }

  /** In the dtype of the scope; the cast of a float32 leaf is kept until the leaf is written to. */
  lowered(t: RefTensor): RefTensor {
    const { dtype, tape } = this;
    if (dtype === null || !isCast(t) || t.dtype === dtype) return t;
    if (t.dtype !== 'float32' || !t.requiresGrad || t.view || !tape.isLeaf(t)) return this.to(t, dtype);
    const { version } = t.storage;
    const known = this.casts.get(t);
    const fits = known !== undefined && known.version === version && known.cast.dtype === dtype;
    if (fits && (known.recorded || !tape.gradMode)) return known.cast;
    const cast = this.to(t, dtype);
    this.casts.set(t, { version, cast, recorded: tape.gradMode });
    return cast;
  }

  private to(t: RefTensor, dtype: DType): RefTensor {
    return t.dtype === dtype ? t : this.tape.run('to', [t], { dtype })[0]!;
  }
}

/** Numbers promote by their kind, and float64 is asked for by name: both stay. */
function isCast(x: Operand): x is RefTensor {
  return x instanceof RefTensor && !x.wrapped && isFloat(x.dtype) && x.dtype !== 'float64';
}
