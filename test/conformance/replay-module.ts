import { nn, tidy } from '../../lib/index.js';
import type { Tensor } from '../../lib/index.js';
import { Arguments, Unsupported } from './call.js';
import { difference, kindDifference } from './check/compare.js';
import { checkGradients } from './check/gradients.js';
import { checkOutput, outputsOf } from './check/results.js';
import { layerOf } from './layers/index.js';
import { isTensor, mustFind, NotThere } from './library.js';
import { camel } from './names.js';
import type { Failure, Outcome, Part } from './outcome.js';
import type { Arg, ModuleSample, Path, Sample } from './read/format.js';
import type { StoredTensors } from './read/stored.js';
import { messageOf } from './replay.js';
import { SampleTensors } from './sample-tensors.js';
import { makeTensor, readTensor } from './tensors.js';

// Replays one sample of a module: made, loaded with a state dict, called once; compared are its results, the gradients of
// inputs and parameters, and the state afterwards.

type Given = Pick<Sample, 'args' | 'kwargs'>;

/** Makes a module by PyTorch's name and arguments. */
function construct(name: string, given: Given, stored: StoredTensors): nn.AnyModule {
  const kind: unknown = Reflect.get(nn, name.replace(/^nn\./, ''));
  if (typeof kind !== 'function') throw new NotThere(name);
  const row = layerOf(name).make;
  const tensors = new SampleTensors(given, stored);
  const args = new Arguments(row, given, tensors.at, (arg) => constructArgument(arg, stored));
  const make = (...values: readonly unknown[]): unknown => Reflect.construct(kind, values);
  return (row.run === undefined ? make(...args.all()) : row.run(args, make)) as nn.AnyModule;
}

function constructArgument(arg: Extract<Arg, { t: 'module' | 'function' }>, stored: StoredTensors): unknown {
  if (arg.t === 'function') return mustFind(`F.${camel(arg.v)}`);
  return construct(arg.class, { args: [], kwargs: arg.kwargs }, stored);
}

/** Leaves by path: arguments of the call, and `param.NAME`. */
function leaves(module: nn.AnyModule, tensors: SampleTensors) {
  const parameters = new Map(module.namedParameters());
  return {
    at: (path: Path): Tensor => {
      if (!path.startsWith('param.')) return tensors.at(path);
      const found = parameters.get(path.slice('param.'.length));
      if (found === undefined) throw new Error(`no parameter ${path}`);
      return found;
    },
    of: (ref: string) => tensors.of(ref),
    fresh: (ref: string) => tensors.fresh(ref),
  };
}

/** What the state should be after the call: what was loaded, but for the entries that PyTorch changed. */
function stateDifference(
  module: nn.AnyModule,
  sample: ModuleSample,
  stored: StoredTensors,
): string | undefined {
  for (const [name, tensor] of Object.entries(module.stateDict())) {
    const ref = sample.state_after?.[name] ?? sample.state[name];
    const wrong = ref !== undefined && difference(readTensor(tensor), stored.get(ref)!, sample.tol);
    if (wrong) return `${name}: ${wrong}`;
  }
  return undefined;
}

function shapesDiffer(result: unknown, sample: ModuleSample): string | undefined {
  const shape = sample.out_shapes?.out;
  if (shape === undefined) throw new Error('no shape of an output');
  if (!isTensor(result)) return `got ${typeof result}, wanted a tensor`;
  return kindDifference(result, { dtype: 'float32', shape });
}

function run(name: string, sample: ModuleSample, stored: StoredTensors) {
  const module = construct(name, sample.constructor, stored);
  const state = Object.entries(sample.state).map(([key, ref]) => [key, makeTensor(stored.get(ref)!)]);
  module.loadStateDict(Object.fromEntries(state) as nn.StateDict);
  module.train(sample.training);
  const row = layerOf(name).forward;
  const tensors = new SampleTensors(sample, stored);
  const args = new Arguments(row, sample, tensors.at);
  const forward = (...values: readonly unknown[]): unknown =>
    (module.forward as (...inputs: readonly unknown[]) => unknown)(...values);
  const result = row.run === undefined ? forward(...args.all()) : row.run(args, forward);

  const parts: Partial<Record<Part, boolean>> = {};
  const failures: Failure[] = [];
  const note = (part: Part, detail: string | undefined): void => {
    parts[part] = detail === undefined;
    if (detail !== undefined) failures.push({ what: part, detail });
  };
  if (sample.check === 'shape_dtype') {
    note('values', shapesDiffer(result, sample));
    return { parts, failures };
  }
  const outputs = outputsOf(result, sample.out!, row);
  note(
    'values',
    outputs.map((output) => checkOutput(output, stored, sample.tol)).find((wrong) => wrong !== undefined),
  );
  note('state', stateDifference(module, sample, stored));
  if (sample.cotangents !== undefined) {
    try {
      note('grads', checkGradients(sample, outputs, leaves(module, tensors)).first);
    } catch (error) {
      note('grads', messageOf(error));
    }
  }
  return { parts, failures };
}

export function replayModule(name: string, sample: ModuleSample, stored: StoredTensors): Outcome {
  const base = { op: name, id: sample.id, dtype: 'float32' };
  try {
    const { parts, failures } = tidy(() => run(name, sample, stored));
    return { ...base, status: failures.length > 0 ? 'failed' : 'passed', parts, failures };
  } catch (error) {
    if (error instanceof Unsupported)
      return { ...base, status: 'unsupported', parts: {}, failures: [], reason: error.message };
    return {
      ...base,
      status: 'failed',
      parts: { values: false },
      failures: [{ what: 'values', detail: messageOf(error) }],
    };
  }
}
