import { asGiven } from '../autocast-policy.js';
import type { OpInput } from '../backend/backend.js';
import { Handle } from '../backend/backend.js';
import { Seen } from '../backend/configuration.js';
import { backend } from '../backend/current.js';
import { unrecorded } from '../backend/recording.js';
import { describe, noAttrs, shapeText } from '../check.js';
import { DTypeError, ShapeError, ValueError } from '../errors.js';
import { zeros, zerosLike } from '../ops/creation.js';
import { select } from '../ops/view.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { NumberCell } from './number-cell.js';
import { checkOptionValues } from './option.js';
import type { OptionKind } from './option.js';
import type { LearningRate, Rule, StateKind } from './rule.js';

/** What an optimizer keeps for one parameter, by name: `momentumBuffer`; `step`, `expAvg`, `expAvgSq`. */
export type ParamState = Record<string, Tensor>;

/** A group with its options, which may be read and assigned: `group.lr = 0.01`. */
export type GroupOf<Options extends LearningRate> = ParamGroup<Options> & Required<Options>;

/**
 * Parameters that share their options. Options that are numbers live in 0-dim tensors: assigning one, as in
 * `group.lr = 0.01`, writes into the tensor.
 */
export class ParamGroup<Options extends LearningRate = LearningRate> {
  /** What the first step was to start from; schedules compute from it. Set by a schedule. */
  initialLr: number | undefined = undefined;
  readonly #rule: Rule<Options>;
  readonly #seen = new Seen();
  readonly #cells = new Map<string, readonly NumberCell[]>();
  /** One number per parameter: float32 [params.length]. The first counts the steps that each has taken. */
  readonly #rows: readonly Tensor[];
  readonly #states = new Map<string, readonly Tensor[]>();

  /** @internal */
  constructor(
    protected readonly optimizer: string,
    rule: Rule<Options>,
    /** In the order given. */
    readonly params: readonly Tensor[],
    options: Required<Options>,
  ) {
    this.#rule = rule;
    this.checkOptions(options);
    for (const name of namesOf(this.#rule)) this.#define(name, options[name]);
    this.#rows = (rule.rows[0] === 'step' ? rule.rows : ['step', ...rule.rows]).map(() =>
      keep(zeros([params.length], { dtype: 'float32' })),
    );
  }

  /** The tensor that holds `lr`, always the same one: for schedules that compute it. 0-dim, float64. */
  get lrTensor(): Tensor<'float64'> {
    return this.#cells.get('lr')![0]!.tensor;
  }

  /** The options as plain data. */
  options(): Required<Options> {
    const own = this as unknown as Required<Options>;
    return Object.fromEntries(namesOf(this.#rule).map((name) => [name, own[name]])) as Required<Options>;
  }

  /** @internal The tensors of an option's numbers. */
  cells(name: keyof Options & string): readonly Tensor<'float64'>[] {
    return this.#cells.get(name)!.map((cell) => cell.tensor);
  }

  /** @internal Fails for options that make no sense. */
  checkOptions(options: Required<Options>): void {
    checkOptionValues(this.optimizer, this.#rule.options, options);
    this.#rule.check?.(this.optimizer, options);
  }

  /** @internal Writes all options. They were checked. */
  setOptions(options: Required<Options>): void {
    for (const name of namesOf(this.#rule)) Object.assign(this, { [name]: options[name] });
  }

  /** @internal Updates every parameter that has a gradient. Recording is off. */
  update(): void {
    this.#seen.look();
    const own = this as unknown as GroupOf<Options>;
    const inputs: OpInput<Tensor>[] = [this.params];
    for (const [name, kind] of Object.entries(this.#rule.states)) {
      inputs.push(isKept(kind, own) ? this.#stateOf(name, kind) : []);
    }
    inputs.push(...this.#rows);
    for (const cells of this.#cells.values()) for (const cell of cells) inputs.push(cell.tensor);
    // An update is not the model: mixed precision has no say in it.
    asGiven(() => this.#rule.run(inputs, own));
  }

  /** @internal What is kept for each parameter that took a step; undefined for the others. */
  state(): (ParamState | undefined)[] {
    const steps = backend.read(this.#rows[0]!) as Float32Array;
    return this.params.map((param, i) => {
      if (steps[i] === 0) return undefined;
      const entries: ParamState = {};
      for (const [r, name] of this.#rule.rows.entries()) entries[name] = select(this.#rows[r]!, 0, i);
      for (const [name, kind] of Object.entries(this.#rule.states)) {
        const tensor = this.#states.get(name)?.[i];
        if (tensor === undefined || shapeOf(kind, param) === null) continue;
        // A handle of its own on the same memory, so that disposing it is harmless.
        entries[name] = backend.run1('detach', [tensor], noAttrs);
      }
      return Object.keys(entries).length > 0 ? entries : undefined;
    });
  }

  /** @internal Fails for state that `setState` cannot take. */
  checkState(states: readonly (ParamState | undefined)[]): void {
    const op = `${this.optimizer}.loadStateDict`;
    const { rows, states: kinds } = this.#rule;
    const known = [...rows, ...Object.keys(kinds)];
    states.forEach((state, i) => {
      const param = this.params[i]!;
      if (state !== undefined && (typeof state !== 'object' || (state as unknown) === null)) {
        throw new ValueError(
          `[${op}] state of parameter ${i}: got ${describe(state)}, wanted an object of tensors`,
        );
      }
      for (const [name, value] of Object.entries(state ?? {})) {
        if (!known.includes(name)) {
          throw new ValueError(`[${op}] state: got ${describe(name)}, wanted ${known.join(', ')}`);
        }
        const wanted = rows.includes(name) ? [] : shapeOf(kinds[name]!, param);
        if (!isTensor(value)) {
          throw new DTypeError(`[${op}] ${name} of parameter ${i}: got ${describe(value)}, wanted a tensor`);
        }
        if (wanted === null || String(value.shape) !== String(wanted)) {
          const what = wanted === null ? 'none' : shapeText(wanted);
          throw new ShapeError(
            `[${op}] ${name} of parameter ${i}: got shape ${shapeText(value.shape)}, wanted ${what}`,
          );
        }
      }
      if (state === undefined) return;
      for (const name of rows) {
        if (state[name] === undefined)
          throw new ValueError(`[${op}] state of parameter ${i}: got no ${name}, wanted one`);
      }
    });
  }

  /** @internal Copies the state in; parameters without one are as before their first step. */
  setState(states: readonly (ParamState | undefined)[]): void {
    const { rows, states: kinds } = this.#rule;
    this.#rows.forEach((row, r) => {
      const name = rows[r];
      this.#setRow(
        row,
        states.map((state) => {
          if (state === undefined) return 0;
          return name === undefined ? 1 : Number(state[name]!.item());
        }),
      );
    });
    for (const [name, kind] of Object.entries(kinds)) {
      const existing = this.#states.get(name);
      if (!existing && states.every((state) => state?.[name] === undefined)) continue;
      const list = existing ?? this.#makeState(name, kind);
      list.forEach((tensor, i) => backend.runInPlace('copy', [tensor, states[i]?.[name] ?? 0], noAttrs));
    }
  }

  /** Makes an option a property of the group. */
  #define<Name extends keyof Options & string>(name: Name, initial: Required<Options>[Name]): void {
    const kind: OptionKind<Required<Options>[Name]> = this.#rule.options[name];
    const check = (value: unknown): void => kind.check(this.optimizer, name, value);
    if (kind.numbers === undefined || kind.join === undefined) {
      let current = initial;
      const set = (value: typeof current): void => {
        check(value);
        if (value !== current) this.#seen.changed();
        current = value;
      };
      const get = (): typeof current => {
        this.#seen.look();
        return current;
      };
      Object.defineProperty(this, name, { enumerable: true, get, set });
      return;
    }
    const [split, join] = [kind.numbers.bind(kind), kind.join.bind(kind)];
    const cells = split(initial).map((value) => new NumberCell(value, this.optimizer, name));
    this.#cells.set(name, cells);
    const conditions = Object.values(this.#rule.states).filter((state) => state.when !== undefined);
    const own = this as unknown as GroupOf<Options>;
    const set = (value: Required<Options>[Name]): void => {
      check(value);
      const before = conditions.map((state) => isKept(state, own));
      split(value).forEach((one, i) => (cells[i]!.value = one));
      if (conditions.some((state, i) => isKept(state, own) !== before[i])) this.#seen.changed();
    };
    Object.defineProperty(this, name, {
      enumerable: true,
      get: () => join(cells.map((cell) => cell.value)),
      set,
    });
  }

  #stateOf(name: string, kind: StateKind<Options>): readonly Tensor[] {
    const existing = this.#states.get(name);
    if (existing) return existing;
    return unrecorded(() => {
      // A state is started by the op at the first step that it sees, which it knows by the count.
      if (this.#rule.rows[0] !== 'step')
        this.#setRow(this.#rows[0]!, new Array<number>(this.params.length).fill(0));
      return this.#makeState(name, kind);
    });
  }

  /** Zeros for every parameter, that outlive scopes. */
  #makeState(name: string, kind: StateKind<Options>): readonly Tensor[] {
    const list = this.params.map((param) =>
      keep(
        kind.shape === undefined
          ? zerosLike(param)
          : zeros(kind.shape(param.shape) ?? [0], { dtype: param.dtype }),
      ),
    );
    this.#states.set(name, list);
    return list;
  }

  #setRow(row: Tensor, values: readonly number[]): void {
    const source = backend.create('float32', [values.length], Float32Array.from(values));
    backend.runInPlace('copy', [row, source], noAttrs);
    backend.release(source);
  }
}

function namesOf<Options extends LearningRate>(rule: Rule<Options>): (keyof Options & string)[] {
  return Object.keys(rule.options) as (keyof Options & string)[];
}

/** Whether a state is kept with the options as they are. A program holds the answer: another one is another configuration. */
function isKept<Options extends LearningRate>(kind: StateKind<Options>, own: GroupOf<Options>): boolean {
  return kind.when === undefined || unrecorded(() => kind.when!(own));
}

function shapeOf<Options extends object>(kind: StateKind<Options>, param: Tensor): readonly number[] | null {
  return kind.shape === undefined ? param.shape : kind.shape(param.shape);
}

function isTensor(value: unknown): value is Tensor {
  return Handle.is(value);
}
