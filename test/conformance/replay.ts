import { InternalError, LanegradError, noGrad, tidy } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { Arguments, Unsupported, type Row } from './call.js';
import type { ErrorSample, OpManifest, Sample } from './read/format.js';
import { checkGauge } from './check/gauge.js';
import { checkGradients } from './check/gradients.js';
import { callMethod, isTensor, methodOf, mustFind, NotThere } from './library.js';
import { libraryName } from './names.js';
import type { Failure, Outcome, Part } from './outcome.js';
import { checkOutput, outputsOf, type Output } from './check/results.js';
import { SampleTensors } from './sample-tensors.js';
import type { StoredTensors } from './read/stored.js';
import { hasDType } from './tensors.js';
import { checkIndices } from './check/ties.js';

/** An op with its row and its stored tensors. */
export interface OpCases {
  readonly name: string;
  readonly manifest: OpManifest;
  readonly stored: StoredTensors;
  readonly row: Row;
}

/** A way to make the call: as a function, as a method, in place on a copy. */
type Form = (cases: OpCases, args: Arguments) => unknown;

export const asFunction: Form = ({ name, row }, args) => {
  const fn = mustFind(row.at ?? libraryName(name));
  return row.run === undefined ? fn(...args.all()) : row.run(args, fn);
};

/** The name of the method, if there is one. */
export const methodName = ({ name, row }: OpCases): string =>
  row.method ?? libraryName(name).split('.').at(-1)!;

/** The arguments besides the tensor that the method is called on: `polygamma(n, x)` is `x.polygamma(n)`. */
function onSelf(args: Arguments, call: (self: Tensor, rest: readonly unknown[]) => unknown): unknown {
  const at = args.row.positional.findIndex((param) => ['self', 'input'].includes(param.name));
  const rest = args.all();
  const [self] = rest.splice(at, 1);
  return call(self as Tensor, rest);
}

const asMethod: Form = (cases, args) =>
  onSelf(args, (self, rest) => callMethod(self, methodName(cases), rest));

const inPlace: Form = (cases, args) =>
  onSelf(args, (self, rest) => callMethod(self.clone(), `${methodName(cases)}_`, rest));

function run(cases: OpCases, sample: Sample, form: Form): { failures: Failure[]; parts: Outcome['parts'] } {
  const tensors = new SampleTensors(sample, cases.stored);
  const args = new Arguments(cases.row, sample, tensors.at);
  const parts: Partial<Record<Part, boolean>> = {};
  const failures: Failure[] = [];
  const note = (part: Part, detail: string | undefined): void => {
    parts[part] = detail === undefined;
    if (detail !== undefined) failures.push({ what: part, detail });
  };
  const outputs = outputsOf(form(cases, args), sample.out, cases.row);
  note('values', checkValues(cases, sample, outputs, args));
  if (sample.cotangents === undefined) return { failures, parts };
  const second = sample.grad_cotangents !== undefined;
  try {
    const gradients = checkGradients(sample, outputs, tensors);
    note('grads', gradients.first);
    if (second) note('second grads', gradients.second);
  } catch (error) {
    const part = parts.grads === undefined ? 'grads' : 'second grads';
    note(part, messageOf(error));
    if (second) parts['second grads'] = false;
  }
  return { failures, parts };
}

function checkValues(
  { name, manifest, stored }: OpCases,
  sample: Sample,
  outputs: readonly Output[],
  args: Arguments,
): string | undefined {
  if (sample.check === 'gauge') return checkGauge(name, outputs, args, stored, sample.tol);
  for (const output of outputs) {
    const isIndex = output.path === 'out.1' || /^arg/.test(name);
    const wrong =
      manifest.ties === true && isIndex && args.value('stable') !== true
        ? checkIndices(output, stored, name, args)
        : checkOutput(output, stored, sample.tol);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** One line that says what was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof NotThere ? error.message : `${error.name}: ${error.message}`;
}

/** Replays a sample in every form that it has. */
export function replaySample(cases: OpCases, sample: Sample): Outcome {
  const base = { op: cases.name, id: sample.id, dtype: sample.dtype };
  const unsupported = outsideDType(sample, cases.stored);
  if (unsupported !== undefined)
    return { ...base, status: 'unsupported', parts: {}, failures: [], reason: unsupported };
  try {
    const main = tidy(() => run(cases, sample, asFunction));
    // Where the function fails, its other forms say nothing new.
    const failures = main.failures.length > 0 ? main.failures : otherForms(cases, sample);
    return { ...base, status: failures.length > 0 ? 'failed' : 'passed', parts: main.parts, failures };
  } catch (error) {
    if (error instanceof Unsupported)
      return { ...base, status: 'unsupported', parts: {}, failures: [], reason: error.message };
    const parts: Partial<Record<Part, boolean>> = { values: false };
    if (sample.cotangents !== undefined) parts.grads = false;
    if (sample.grad_cotangents !== undefined) parts['second grads'] = false;
    return { ...base, status: 'failed', parts, failures: [{ what: 'values', detail: messageOf(error) }] };
  }
}

function otherForms(cases: OpCases, sample: Sample): Failure[] {
  const { row, manifest } = cases;
  if (row.run !== undefined || row.at?.startsWith('.')) return [];
  const forms: [string, Form][] = [];
  const name = methodName(cases);
  if (manifest.variants.method && methodOf(name) !== undefined) forms.push(['method', asMethod]);
  if (manifest.variants.inplace && methodOf(`${name}_`) !== undefined && keepsKind(cases, sample))
    forms.push(['in place', inPlace]);
  return forms.flatMap(([what, form]) => {
    try {
      return tidy(() => run(cases, sample, form)).failures.map((failure) => ({
        what,
        detail: failure.what === 'values' ? failure.detail : `${failure.what}: ${failure.detail}`,
      }));
    } catch (error) {
      return [{ what, detail: messageOf(error) }];
    }
  });
}

/** Whether the result has the dtype and shape of the input: only then can it be written over it. */
function keepsKind({ row, stored }: OpCases, sample: Sample): boolean {
  const at = row.positional.findIndex((param) => ['self', 'input'].includes(param.name));
  const [self, out] = [sample.args[at], sample.out];
  if (self?.t !== 'tensor' || out.t !== 'tensor' || self.ref === undefined) return false;
  const from = stored.get(self.ref)!;
  const to = out.ref === undefined ? { dtype: out.dtype!, shape: out.shape! } : stored.get(out.ref)!;
  return from.dtype === to.dtype && String(from.shape) === String(to.shape);
}

/** A call that must throw an error of the library, not any error. */
export function replayError(cases: OpCases, sample: ErrorSample): Outcome {
  const tensors = new SampleTensors(sample, cases.stored);
  const base = { op: cases.name, id: sample.id, dtype: 'error' };
  const outside = outsideDType(sample, cases.stored);
  if (outside !== undefined)
    return { ...base, status: 'unsupported', parts: {}, failures: [], reason: outside };
  const detail = tidy(() => {
    try {
      const args = new Arguments(cases.row, sample, tensors.at);
      noGrad(() => readAll(asFunction(cases, args)));
      return `did not throw; PyTorch: ${sample.message}`;
    } catch (error) {
      if (error instanceof LanegradError && !(error instanceof InternalError)) return undefined;
      return messageOf(error);
    }
  });
  if (detail === undefined) return { ...base, status: 'passed', parts: { errors: true }, failures: [] };
  return { ...base, status: 'failed', parts: { errors: false }, failures: [{ what: 'errors', detail }] };
}

/** Reads results, so that a tensor which lies outside of its memory would be noticed. */
function readAll(result: unknown): void {
  if (isTensor(result)) void result.data;
  else if (Array.isArray(result)) result.forEach(readAll);
}

/** Complex numbers are the one thing that samples of ops in scope may need and the library does not mean to have. */
function outsideDType(sample: Sample | ErrorSample, stored: StoredTensors): string | undefined {
  const refs = JSON.stringify([sample.args, sample.kwargs, 'out' in sample ? sample.out : null]);
  if (/"t":"complex"|"complex(32|64|128)"/.test(refs)) return 'dtype complex64';
  for (const [, ref] of refs.matchAll(/"ref":"(\w+)"/g)) {
    if (stored.get(ref!)?.dtype === 'complex64') return 'dtype complex64';
  }
  return undefined;
}

/** Whether the library lacks a dtype that the sample is of. */
export function lacksDType(outcome: Outcome): boolean {
  return outcome.dtype !== 'error' && !hasDType(outcome.dtype);
}
