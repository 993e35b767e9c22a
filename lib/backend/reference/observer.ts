import { dtypes } from '../../dtype.js';
import type { OpRecord } from '../op-record.js';
import { CallSites } from '../call-sites.js';
import type { AnomalyCheck, BackendObserver, RawProfile } from '../observer.js';
import type { RefTensor } from './array.js';
import { fromSpec, show } from './array.js';
import { copyInto } from './cast.js';
import { contiguousStrides, isDense } from './shape.js';

type Worst = 'finite' | 'infinite' | 'nan';

const tensorsNoted = 8;

/** Watches the ops of the TypeScript backend; the same rules as native/graph/observer.cc. */
export class ReferenceObserver implements BackendObserver {
  /** There while anomalies are looked for. */
  sites: CallSites | undefined = undefined;
  /** Backward passes under way. */
  passes = 0;
  /** Whether ops have to report. */
  active = false;
  private check: AnomalyCheck = 'none';
  private profile:
    { rows: number[]; names: Map<string, number>; events: number; dropped: number } | undefined;
  private maxEvents = 0;
  private origin = 0;

  startProfile(maxEvents: number): void {
    this.profile = { rows: [], names: new Map(), events: 0, dropped: 0 };
    this.maxEvents = maxEvents;
    this.origin = performance.now();
    this.active = true;
  }

  stopProfile(): RawProfile {
    const { rows, names, dropped } = this.profile!;
    this.profile = undefined;
    this.active = this.check !== 'none';
    return { rows, names: [...names.keys()], dropped };
  }

  setAnomalyCheck(check: AnomalyCheck): AnomalyCheck {
    const former = this.check;
    this.check = check;
    if (check === 'none') this.sites = undefined;
    else this.sites ??= new CallSites();
    this.active = check !== 'none' || this.profile !== undefined;
    return former;
  }

  /** Runs one op. What it gives is what it wrote; a view writes nothing. */
  around(
    name: string,
    record: OpRecord,
    inputs: readonly RefTensor[],
    attrs: unknown,
    inPlace: boolean,
    compute: () => readonly RefTensor[],
  ): void {
    const checks = this.check !== 'none' && this.passes === 0;
    const overwrites = inPlace || record.inputs.some((def) => def.mutates);
    const before = checks && overwrites ? worstOf(inputs) : 'finite';
    const start = performance.now();
    const outputs = compute();
    this.note(name, inputs, outputs, start, performance.now());
    if (!checks || inputs.length === 0 || namesInfinity(attrs, inputs)) return;
    const mutated = inputs.filter((_, i) => record.inputs[i]?.mutates);
    const wanted = outputs.filter((_, j) => overwrites || record.outputs[j]?.differentiable !== false);
    this.judge(name, wanted, mutated, overwrites ? before : undefined, inputs);
  }

  private judge(
    name: string,
    outputs: readonly RefTensor[],
    mutated: readonly RefTensor[],
    before: Worst | undefined,
    inputs: readonly RefTensor[],
  ): void {
    const found = worstOf([...outputs, ...mutated]);
    if (!this.isWrong(found)) return;
    const given = before ?? worstOf(inputs);
    if (found === 'infinite' && given !== 'finite') return;
    const at = outputs.find((t) => worstOf([t]) === found);
    const what = at ? `its result of shape ${show(at.shape)}` : 'what it writes';
    const how =
      given === 'nan' ? 'holds NaN, which an input of it held before' : `holds the first ${spelled(found)}`;
    this.report(name, `${what} ${how}`, found, -1);
  }

  /** Looks at the gradients that the node number `node` gave for those that arrived. */
  checkGradients(
    name: string,
    node: number,
    arrived: readonly (RefTensor | undefined)[],
    gradients: readonly (RefTensor | undefined)[],
  ): void {
    if (this.check === 'none') return;
    gradients.forEach((gradient, i) => {
      const found = worstOf([gradient]);
      if (!this.isWrong(found)) return;
      const given = worstOf(arrived);
      if (found === 'infinite' && given !== 'finite') return;
      const what = `the gradient of its input ${i} of shape ${show(gradient!.shape)}`;
      const how =
        given === 'nan'
          ? 'holds NaN, which the gradient that came in held before'
          : `holds the first ${spelled(found)}`;
      this.report(name, `${what} ${how}`, found, node);
    });
  }

  private isWrong(found: Worst): boolean {
    return found === 'nan' || (found === 'infinite' && this.check === 'nanOrInf');
  }

  private report(op: string, message: string, found: Worst, node: number): never {
    throw this.sites!.error(`[${op}] ${message}`, { op, backward: node >= 0, nan: found === 'nan', node });
  }

  private note(
    name: string,
    inputs: readonly RefTensor[],
    outputs: readonly RefTensor[],
    start: number,
    end: number,
  ): void {
    const { profile } = this;
    if (!profile) return;
    if (profile.events === this.maxEvents) {
      profile.dropped += 1;
      return;
    }
    profile.events += 1;
    let op = profile.names.get(name);
    if (op === undefined) profile.names.set(name, (op = profile.names.size));
    const noted = inputs.slice(0, tensorsNoted);
    const bytes = outputs.reduce((sum, t) => sum + t.numel * t.data.BYTES_PER_ELEMENT, 0);
    const micros = [(start - this.origin) * 1000, (end - start) * 1000];
    profile.rows.push(op, this.passes > 0 ? 1 : 0, ...micros, bytes, noted.length, outputs.length);
    for (const t of [...noted, ...outputs]) profile.rows.push(dtypes.indexOf(t.dtype), t.rank, ...t.shape);
  }
}

function spelled(found: Worst): string {
  return found === 'nan' ? 'NaN' : 'infinity';
}

/** An infinity or NaN that the caller named is wanted: masks are made of them. */
function namesInfinity(attrs: unknown, inputs: readonly RefTensor[]): boolean {
  if (inputs.some((x) => x.wrapped && worstOf([x]) !== 'finite')) return true;
  return Object.values(attrs as Record<string, unknown>).some(
    (v) => typeof v === 'number' && !Number.isFinite(v),
  );
}

function worstOf(tensors: readonly (RefTensor | undefined)[]): Worst {
  let worst: Worst = 'finite';
  for (const t of tensors) {
    if (!t?.isFloat) continue;
    const values = elements(t);
    for (const value of values) {
      if (value !== value) return 'nan';
      if (value === Infinity || value === -Infinity) worst = 'infinite';
    }
  }
  return worst;
}

/** In any order. */
function elements(t: RefTensor): Float64Array {
  if (isDense(t.shape, t.strides)) return t.numbers.subarray(t.offset, t.offset + t.numel);
  const { dtype, shape } = t;
  const copy = fromSpec('detectAnomaly', { dtype, shape, strides: contiguousStrides(shape) });
  copyInto(copy, t);
  return copy.numbers;
}
