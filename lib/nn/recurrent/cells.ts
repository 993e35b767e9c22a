import { checkChoice, checkFlag, checkOptions, checkTensor, shapeText } from '../../check.js';
import { ShapeError } from '../../errors.js';
import { zeros } from '../../ops/creation.js';
import { squeeze, unsqueeze } from '../../ops/view.js';
import { scoped } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';
import { checkSize, layerDType } from '../options.js';
import type { LayerOptions } from '../options.js';
import type { Parameter } from '../parameter.js';
import { statePair } from './layer.js';
import { runRecurrent } from './precision.js';
import { makeWeights, weightName } from './weights.js';
import type { CellKind } from './weights.js';
import { noteParameters } from '../parameter-fields.js';

export interface RecurrentCellOptions extends LayerOptions {
  /** Whether there are biases. Default true. */
  bias?: boolean;
}

/** What the cells share: one step, as a sequence of one. */
export abstract class RecurrentCell<State, Result> extends Module<[x: Tensor, state?: State | null], Result> {
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter | null;
  readonly biasHh: Parameter | null;
  readonly bias: boolean;
  readonly #name: string;
  readonly #cell: CellKind;

  protected constructor(
    name: string,
    cell: CellKind,
    readonly inputSize: number,
    readonly hiddenSize: number,
    options: RecurrentCellOptions,
    known: readonly string[] = [],
  ) {
    super();
    checkSize(name, 'inputSize', inputSize);
    checkSize(name, 'hiddenSize', hiddenSize);
    checkOptions(name, options, ['bias', 'dtype', ...known]);
    this.#name = name;
    this.#cell = cell;
    this.bias = checkFlag(name, 'bias', options.bias ?? true);
    const sizes = { inputs: inputSize, hidden: hiddenSize, projected: 0 };
    const weights = makeWeights(cell, sizes, this.bias, layerDType(name, options));
    this.weightIh = weights.weightIh;
    this.weightHh = weights.weightHh;
    this.biasIh = weights.biasIh;
    this.biasHh = weights.biasHh;
    this[noteParameters]();
  }

  protected override stateName(field: string): string {
    return weightName(field);
  }

  /** One step: h' and, for an LSTM, c'. To be called in a scope. */
  protected step(x: Tensor, h: Tensor | null, c: Tensor | null): [h: Tensor, c: Tensor] {
    checkTensor(this.#name, 'x', x);
    if ((x.ndim !== 1 && x.ndim !== 2) || x.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        `[${this.#name}] x is ${shapeText(x.shape)}, wanted [N, ${this.inputSize}] or [${this.inputSize}]`,
      );
    }
    const single = x.ndim === 1;
    const shape = single ? [this.hiddenSize] : [x.shape[0]!, this.hiddenSize];
    const ready = (state: Tensor | null, name: string): Tensor => {
      if (state === null) return zeros([single ? 1 : shape[0]!, this.hiddenSize], { dtype: x.dtype });
      checkTensor(this.#name, name, state);
      if (shapeText(state.shape) !== shapeText(shape)) {
        throw new ShapeError(
          `[${this.#name}] ${name} is ${shapeText(state.shape)}, wanted ${shapeText(shape)}`,
        );
      }
      return single ? unsqueeze(state, 0) : state;
    };
    const rows = single ? unsqueeze(x, 0) : x;
    const states = [ready(h, 'h'), this.#cell === 'lstm' ? ready(c, 'c') : null];
    const { weightIh, weightHh, biasIh, biasHh } = this;
    const [, nextH, nextC] = runRecurrent(
      [unsqueeze(rows, 0), ...states, weightIh, weightHh, biasIh, biasHh, null, null],
      { cell: this.#cell, reverse: false },
      this.#cell === 'gru' || this.#cell === 'lstm',
    );
    return single && this.#cell === 'lstm'
      ? [squeeze(nextH!, 0), squeeze(nextC!, 0)]
      : [single ? squeeze(nextH!, 0) : nextH!, nextC!];
  }
}

export interface RNNCellOptions extends RecurrentCellOptions {
  /** Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * One step of an {@link RNN}: h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or relu instead of tanh.
 *
 * x: [N, inputSize] or [inputSize]; h: [N, hiddenSize] or [hiddenSize], zeros by default; gives h' in the shape of h. weightIh:
 * [hiddenSize, inputSize], weightHh: [hiddenSize, hiddenSize], biasIh and biasHh: [hiddenSize].
 * @throws ValueError for sizes below 1, or an unknown option.
 * @throws ShapeError from `forward`, if x or h do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const cell = new nn.RNNCell(4, 8);
 * const h = cell.forward(randn([3, 4]));
 * cell.forward(randn([3, 4]), h).shape; // => [3, 8]
 */
export class RNNCell extends RecurrentCell<Tensor, Tensor> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    checkOptions('RNNCell', options);
    const { nonlinearity = 'tanh' } = options;
    checkChoice('RNNCell', 'nonlinearity', nonlinearity, ['tanh', 'relu']);
    super('RNNCell', nonlinearity, inputSize, hiddenSize, options, ['nonlinearity']);
    this.nonlinearity = nonlinearity;
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return scoped(() => this.step(x, h, null)[0]);
  }
}

/**
 * One step of a {@link GRU}, by its formula.
 *
 * x: [N, inputSize] or [inputSize]; h: [N, hiddenSize] or [hiddenSize], zeros by default; gives h' in the shape of h. weightIh:
 * [3 hiddenSize, inputSize], weightHh: [3 hiddenSize, hiddenSize], biasIh and biasHh: [3 hiddenSize], each for r, z, n.
 * @throws ValueError for sizes below 1, or an unknown option.
 * @throws ShapeError from `forward`, if x or h do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const cell = new nn.GRUCell(4, 8);
 * const h = cell.forward(randn([3, 4]));
 * cell.forward(randn([3, 4]), h).shape; // => [3, 8]
 */
export class GRUCell extends RecurrentCell<Tensor, Tensor> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('GRUCell', 'gru', inputSize, hiddenSize, options);
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return scoped(() => this.step(x, h, null)[0]);
  }
}

/**
 * One step of an {@link LSTM}, by its formula.
 *
 * x: [N, inputSize] or [inputSize]; h and c: [N, hiddenSize] or [hiddenSize], zeros by default; gives `[h', c']` in those shapes.
 * weightIh: [4 hiddenSize, inputSize], weightHh: [4 hiddenSize, hiddenSize], biasIh and biasHh: [4 hiddenSize], each for i, f, g, o.
 * @throws ValueError for sizes below 1, or an unknown option.
 * @throws ShapeError from `forward`, if x, h or c do not fit.
 * @example
 * import { nn, randn } from 'lanegrad';
 * const cell = new nn.LSTMCell(4, 8);
 * const [h, c] = cell.forward(randn([3, 4]));
 * cell.forward(randn([3, 4]), [h, c]).map((state) => state.shape); // => [[3, 8], [3, 8]]
 */
export class LSTMCell extends RecurrentCell<readonly [h: Tensor, c: Tensor], [h: Tensor, c: Tensor]> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super('LSTMCell', 'lstm', inputSize, hiddenSize, options);
  }

  forward(x: Tensor, state: readonly [h: Tensor, c: Tensor] | null = null): [h: Tensor, c: Tensor] {
    const pair = statePair('LSTMCell', state);
    return scoped(() => this.step(x, pair && pair[0], pair && pair[1]));
  }
}
