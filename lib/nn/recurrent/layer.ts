import { Handle } from '../../backend/backend.js';
import {
  checkFlag,
  checkListLength,
  checkOptions,
  checkRange,
  checkTensor,
  describe,
  product,
  shapeText,
} from '../../check.js';
import { DTypeError, ShapeError, ValueError } from '../../errors.js';
import { zeros } from '../../ops/creation.js';
import { dropout as dropOut } from '../../ops/dropout.js';
import { indexSelect } from '../../ops/indexing.js';
import { cat, stack } from '../../ops/join.js';
import { select, squeeze, transpose, unsqueeze } from '../../ops/view.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import type { LayerShapes } from '../module.js';
import { checkSize, layerDType } from '../options.js';
import type { LayerOptions } from '../options.js';
import type { Parameter } from '../parameter.js';
import { runRecurrent } from './precision.js';
import { PackedSequence } from '../utils/packed-sequence.js';
import { makeWeights, weightName } from './weights.js';
import type { CellKind, Weights } from './weights.js';
import { noteParameters } from '../parameter-fields.js';

export interface RecurrentLayerOptions extends LayerOptions {
  /** Layers on top of each other, each taking the outputs of the one below. Default 1. */
  numLayers?: number;
  /** Whether there are biases. Default true. */
  bias?: boolean;
  /** Whether x and the outputs are [N, T, ...] and not [T, N, ...]; states never are. Default false. */
  batchFirst?: boolean;
  /** Probability of dropout on the outputs of each layer but the last, in training. Default 0. */
  dropout?: number;
  /** Whether each layer also reads from the end; outputs of both directions are joined. Default false. */
  bidirectional?: boolean;
}

/** What a recurrent layer takes: padded sequences, one sequence, or packed ones. */
export type Sequences = Tensor | PackedSequence;

interface Run {
  readonly output: Sequences;
  readonly h: Tensor;
  readonly c: Tensor | null;
}

const common = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'dtype'];

/** What RNN, LSTM and GRU share: layers, directions, and the forms that sequences come in. */
export abstract class RecurrentLayer<State, Result extends unknown[]> extends Module<
  [x: Sequences, state?: State | null],
  Result
> {
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** Of layer 0, 1, ..., as `weightIhL0`: weightIh [gates * hiddenSize, inputs], weightHh [gates * hiddenSize, outputs]. */
  readonly [weight: `weight${'Ih' | 'Hh'}L${number}${'' | 'Reverse'}`]: Parameter;
  /** biasIh and biasHh: [gates * hiddenSize], unless without; weightHr: [projSize, hiddenSize], with a projection. */
  readonly [other: `${'biasIh' | 'biasHh' | 'weightHr'}L${number}${'' | 'Reverse'}`]: Parameter | undefined;
  readonly #name: string;
  readonly #cell: CellKind;

  protected constructor(
    name: string,
    cell: CellKind,
    readonly inputSize: number,
    readonly hiddenSize: number,
    options: RecurrentLayerOptions,
    known: readonly string[] = [],
    readonly projSize = 0,
  ) {
    super();
    checkSize(name, 'inputSize', inputSize);
    checkSize(name, 'hiddenSize', hiddenSize);
    checkOptions(name, options, [...common, ...known]);
    const { numLayers = 1, dropout = 0 } = options;
    checkSize(name, 'numLayers', numLayers);
    // Two directions of at most five weights each.
    checkListLength(name, 10 * numLayers, 'tensors');
    checkRange(name, 'dropout', dropout, 0, 1);
    this.numLayers = numLayers;
    this.bias = checkFlag(name, 'bias', options.bias ?? true);
    this.batchFirst = checkFlag(name, 'batchFirst', options.batchFirst);
    this.dropout = dropout;
    this.bidirectional = checkFlag(name, 'bidirectional', options.bidirectional);
    this.#name = name;
    this.#cell = cell;
    const dtype = layerDType(name, options);
    for (const { layer, suffix } of this.#places()) {
      const inputs = layer === 0 ? inputSize : this.#outputs * this.#directions;
      const sizes = { inputs, hidden: hiddenSize, projected: projSize };
      for (const [field, value] of Object.entries(makeWeights(cell, sizes, this.bias, dtype))) {
        if (value !== null) Reflect.set(this, `${field}L${suffix}`, value);
      }
    }
    this[noteParameters]();
  }

  protected override stateName(field: string): string {
    return weightName(field);
  }

  get #directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Width of one direction's outputs. */
  get #outputs(): number {
    return this.projSize || this.hiddenSize;
  }

  /** Every layer and direction, in the order of parameters and states. */
  #places(): { layer: number; reverse: boolean; suffix: string }[] {
    return Array.from({ length: this.numLayers * this.#directions }, (_, i) => {
      const layer = Math.floor(i / this.#directions);
      const reverse = i % this.#directions === 1;
      return { layer, reverse, suffix: `${layer}${reverse ? 'Reverse' : ''}` };
    });
  }

  #weights(suffix: string): Weights {
    const get = (field: string): Parameter | null =>
      (Reflect.get(this, `${field}L${suffix}`) as Parameter | undefined) ?? null;
    return {
      weightIh: get('weightIh')!,
      weightHh: get('weightHh')!,
      biasIh: get('biasIh'),
      biasHh: get('biasHh'),
      weightHr: get('weightHr'),
    };
  }

  /** Of the weight matrices with every row of the sequences; gates are left out. */
  override multiplyAdds({ inputs }: LayerShapes): number {
    const rows = product(inputs[0]!) / this.inputSize;
    return this.parameters().reduce((sum, p) => sum + (p.ndim === 2 ? rows * p.numel() : 0), 0);
  }

  /** All layers over all steps. `h0` and `c0` as the caller gave them. To be called in a scope. */
  protected run(x: Sequences, h0: Tensor | null, c0: Tensor | null): Run {
    if (x instanceof PackedSequence) return this.#runPacked(x, h0, c0);
    checkTensor(this.#name, 'x', x);
    if (x.ndim !== 2 && x.ndim !== 3) {
      throw new ShapeError(
        `[${this.#name}] x is ${shapeText(x.shape)}, wanted ${this.#shape} or [T, ${this.inputSize}]`,
      );
    }
    this.#checkWidth(x);
    const single = x.ndim === 2;
    const at = this.batchFirst ? 0 : 1;
    const rows = single ? unsqueeze(x, at) : x;
    const widen = (state: Tensor | null, name: string): Tensor | null => {
      if (!single || state === null) return state;
      checkTensor(this.#name, name, state);
      if (state.ndim !== 2) {
        throw new ShapeError(
          `[${this.#name}] ${name} is ${shapeText(state.shape)}, wanted two dims for one sequence`,
        );
      }
      return unsqueeze(state, 1);
    };
    const batch = rows.shape[at]!;
    const done = this.#layers(rows, null, batch, widen(h0, 'h0'), widen(c0, 'c0'));
    if (!single) return done;
    return {
      output: squeeze(done.output, at),
      h: squeeze(done.h, 1),
      c: done.c && squeeze(done.c, 1),
    };
  }

  #runPacked(x: PackedSequence, h0: Tensor | null, c0: Tensor | null): Run {
    const { data, batchSizes, sortedIndices, unsortedIndices } = x;
    if (data.ndim !== 2) {
      throw new ShapeError(
        `[${this.#name}] x.data is ${shapeText(data.shape)}, wanted [rows, ${this.inputSize}]`,
      );
    }
    this.#checkWidth(data);
    if (batchSizes.dtype !== 'int64') {
      throw new DTypeError(`[${this.#name}] x.batchSizes: got ${batchSizes.dtype}, wanted int64`);
    }
    if (batchSizes.shape[0] === 0) {
      throw new ShapeError(`[${this.#name}] x.batchSizes: got none, wanted at least one step`);
    }
    const batch = Number(select(batchSizes, 0, 0).item());
    const reorder = (state: Tensor | null, order: Tensor | null): Tensor | null =>
      state === null || order === null ? state : indexSelect(state, 1, order);
    this.#checkState('h0', h0, batch, this.#outputs);
    this.#checkState('c0', c0, batch, this.hiddenSize);
    const done = this.#layers(
      data,
      batchSizes,
      batch,
      reorder(h0, sortedIndices),
      reorder(c0, sortedIndices),
    );
    return {
      output: x.withData(done.output),
      h: reorder(done.h, unsortedIndices)!,
      c: reorder(done.c, unsortedIndices),
    };
  }

  #layers(
    x: Tensor,
    batchSizes: Tensor | null,
    batch: number,
    h0: Tensor | null,
    c0: Tensor | null,
  ): { output: Tensor; h: Tensor; c: Tensor | null } {
    const places = this.#places();
    const { dtype } = x;
    const count = places.length;
    const lstm = this.#cell === 'lstm';
    this.#checkState('h0', h0, batch, this.#outputs);
    this.#checkState('c0', c0, batch, this.hiddenSize);
    const firstH = h0 ?? zeros([count, batch, this.#outputs], { dtype });
    const firstC = lstm ? (c0 ?? zeros([count, batch, this.hiddenSize], { dtype })) : null;
    const swapped = batchSizes === null && this.batchFirst;
    // The op takes time first; it writes what it gives in the memory order of what it takes.
    const turned = (rows: Tensor): Tensor => (swapped ? transpose(rows, 0, 1) : rows);
    const lastH: Tensor[] = [];
    const lastC: Tensor[] = [];
    let output = x;
    for (let layer = 0; layer < this.numLayers; ++layer) {
      const parts = places.slice(layer * this.#directions, (layer + 1) * this.#directions).map((place) => {
        const index = lastH.length;
        const w = this.#weights(place.suffix);
        const [out, h, c] = runRecurrent(
          [
            turned(output),
            select(firstH, 0, index),
            firstC && select(firstC, 0, index),
            w.weightIh,
            w.weightHh,
            w.biasIh,
            w.biasHh,
            w.weightHr,
            batchSizes,
          ],
          { cell: this.#cell, reverse: place.reverse },
          this.#cell === 'gru',
        );
        lastH.push(h!);
        lastC.push(c!);
        return turned(out!);
      });
      output = parts.length === 1 ? parts[0]! : cat(parts, -1);
      if (this.training && this.dropout > 0 && layer + 1 < this.numLayers) {
        output = dropOut(output, { p: this.dropout, training: true });
      }
    }
    const join = (states: readonly Tensor[]): Tensor =>
      states.length === 1 ? unsqueeze(states[0]!, 0) : stack(states);
    return { output, h: join(lastH), c: lstm ? join(lastC) : null };
  }

  get #shape(): string {
    return this.batchFirst ? `[N, T, ${this.inputSize}]` : `[T, N, ${this.inputSize}]`;
  }

  #checkWidth(x: Tensor): void {
    if (x.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        `[${this.#name}] x is ${shapeText(x.shape)}, wanted its last dim to be inputSize, ${this.inputSize}`,
      );
    }
  }

  #checkState(name: string, state: Tensor | null, batch: number, width: number): void {
    if (state === null) return;
    checkTensor(this.#name, name, state);
    const wanted = shapeText([this.numLayers * this.#directions, batch, width]);
    if (shapeText(state.shape) !== wanted) {
      throw new ShapeError(`[${this.#name}] ${name} is ${shapeText(state.shape)}, wanted ${wanted}`);
    }
  }
}

/** The states of an LSTM: a pair, or none. */
export function statePair(op: string, state: unknown): readonly [Tensor, Tensor] | null {
  if (state === null || state === undefined) return null;
  if (!Array.isArray(state) || state.length !== 2 || !state.every((entry) => Handle.is(entry))) {
    throw new ValueError(`[${op}] state: got ${describe(state)}, wanted the pair [h0, c0]`);
  }
  return state as unknown as readonly [Tensor, Tensor];
}
