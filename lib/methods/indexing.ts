import { backend } from '../backend/current.js';
import { checkInt, checkTensor, wrapDim } from '../check.js';
import type { Operand } from '../check.js';
import { writeInto } from '../ops/composite.js';
import * as diagonals from '../ops/diagonal.js';
import type { DiagonalOptions } from '../ops/diagonal.js';
import * as getitem from '../ops/getitem.js';
import type { IndexEntry, IndexPutOptions } from '../ops/getitem.js';
import * as indexing from '../ops/indexing.js';
import type { IndexAddOptions } from '../ops/indexing.js';
import * as mask from '../ops/mask.js';
import * as part from '../ops/part.js';
import type { SliceScatterOptions } from '../ops/part.js';
import * as scatters from '../ops/scatter.js';
import type { ScatterOptions, ScatterReduceOptions, ScatterReduction } from '../ops/scatter.js';
import * as takes from '../ops/take.js';
import type { PutOptions, TakeAlongDimOptions } from '../ops/take.js';
import { triangleAttrs } from '../ops/triangle.js';
import type { TriangleOptions } from '../ops/triangle.js';
import { scoped } from '../scope.js';
import type { Tensor } from '../tensor.js';

type SliceReduction = Exclude<ScatterReduction, 'sum'>;

/** Reading and writing at places as methods. */
export interface IndexingMethods {
  index(...entries: readonly IndexEntry[]): Tensor;
  /** The same as `index`. */
  at(...entries: readonly IndexEntry[]): Tensor;
  indexPut(entries: readonly IndexEntry[], values: Tensor, options?: IndexPutOptions): Tensor;
  gather(dim: number, index: Tensor): Tensor;
  take(index: Tensor): Tensor;
  takeAlongDim(indices: Tensor, options?: TakeAlongDimOptions): Tensor;
  put(index: Tensor, source: Tensor, options?: PutOptions): Tensor;
  scatter(dim: number, index: Tensor, source: Operand, options?: ScatterOptions): Tensor;
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor;
  scatterReduce(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: ScatterReduction,
    options?: ScatterReduceOptions,
  ): Tensor;
  indexSelect(dim: number, index: Tensor): Tensor;
  indexAdd(dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions): Tensor;
  indexCopy(dim: number, index: Tensor, source: Tensor): Tensor;
  indexFill(dim: number, index: Tensor, value: Operand): Tensor;
  indexReduce(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: SliceReduction,
    options?: ScatterReduceOptions,
  ): Tensor;
  maskedFill(mask: Tensor, value: Operand): Tensor;
  maskedSelect(mask: Tensor): Tensor;
  maskedScatter(mask: Tensor, source: Tensor): Tensor;
  selectScatter(source: Tensor, dim: number, index: number): Tensor;
  sliceScatter(source: Tensor, options?: SliceScatterOptions): Tensor;
  diagonalScatter(source: Tensor, options?: DiagonalOptions): Tensor;
}

export const indexingMethods: IndexingMethods & ThisType<Tensor> = {
  index(...entries) {
    return getitem.index(this, ...entries);
  },
  at(...entries) {
    return getitem.index(this, ...entries);
  },
  indexPut(entries, values, options) {
    return getitem.indexPut(this, entries, values, options);
  },
  gather(dim, index) {
    return indexing.gather(this, dim, index);
  },
  take(index) {
    return takes.take(this, index);
  },
  takeAlongDim(indices, options) {
    return takes.takeAlongDim(this, indices, options);
  },
  put(index, source, options) {
    return takes.put(this, index, source, options);
  },
  scatter(dim, index, source, options) {
    return scatters.scatter(this, dim, index, source, options);
  },
  scatterAdd(dim, index, source) {
    return indexing.scatterAdd(this, dim, index, source);
  },
  scatterReduce(dim, index, source, reduce, options) {
    return scatters.scatterReduce(this, dim, index, source, reduce, options);
  },
  indexSelect(dim, index) {
    return indexing.indexSelect(this, dim, index);
  },
  indexAdd(dim, index, source, options) {
    return indexing.indexAdd(this, dim, index, source, options);
  },
  indexCopy(dim, index, source) {
    return scatters.indexCopy(this, dim, index, source);
  },
  indexFill(dim, index, value) {
    return scatters.indexFill(this, dim, index, value);
  },
  indexReduce(dim, index, source, reduce, options) {
    return scatters.indexReduce(this, dim, index, source, reduce, options);
  },
  maskedFill(where, value) {
    return mask.maskedFill(this, where, value);
  },
  maskedSelect(where) {
    return mask.maskedSelect(this, where);
  },
  maskedScatter(where, source) {
    return mask.maskedScatter(this, where, source);
  },
  selectScatter(source, dim, index) {
    return part.selectScatter(this, source, dim, index);
  },
  sliceScatter(source, options) {
    return part.sliceScatter(this, source, options);
  },
  diagonalScatter(source, options) {
    return diagonals.diagonalScatter(this, source, options);
  },
};

/** The same, written into this tensor. Where it is contiguous only the named places are touched. */
export interface IndexingInPlaceMethods {
  indexPut_(entries: readonly IndexEntry[], values: Tensor, options?: IndexPutOptions): this;
  put_(index: Tensor, source: Tensor, options?: PutOptions): this;
  scatter_(dim: number, index: Tensor, source: Operand, options?: ScatterOptions): this;
  scatterAdd_(dim: number, index: Tensor, source: Tensor): this;
  scatterReduce_(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: ScatterReduction,
    options?: ScatterReduceOptions,
  ): this;
  indexAdd_(dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions): this;
  indexCopy_(dim: number, index: Tensor, source: Tensor): this;
  indexFill_(dim: number, index: Tensor, value: Operand): this;
  indexReduce_(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: SliceReduction,
    options?: ScatterReduceOptions,
  ): this;
  maskedFill_(mask: Tensor, value: Operand): this;
  maskedScatter_(mask: Tensor, source: Tensor): this;
  tril_(options?: TriangleOptions): this;
  triu_(options?: TriangleOptions): this;
}

type InPlace = { [Name in keyof IndexingInPlaceMethods]: unknown };

export const indexingInPlace: InPlace & ThisType<Tensor> = {
  indexPut_(this: Tensor, entries: readonly IndexEntry[], values: Tensor, options?: IndexPutOptions): Tensor {
    getitem.putInto('indexPut_', this, entries, values, options);
    return this;
  },
  put_(this: Tensor, index: Tensor, source: Tensor, options?: PutOptions): Tensor {
    writeInto('put_', this, () => takes.put(this, index, source, options));
    return this;
  },
  scatter_(this: Tensor, dim: number, index: Tensor, source: Operand, options: ScatterOptions = {}): Tensor {
    scoped(() => {
      const { op, inputs, attrs } = scatters.scatterCall('scatter_', this, dim, index, source, options);
      backend.runInPlace(op, [this, ...inputs], attrs);
    });
    return this;
  },
  scatterAdd_(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    checkInt('scatterAdd_', 'dim', dim);
    checkTensor('scatterAdd_', 'index', index);
    checkTensor('scatterAdd_', 'source', source);
    scoped(() => backend.runInPlace('scatterAdd', [this, indexing.placesOf(index), source], { dim }));
    return this;
  },
  scatterReduce_(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: ScatterReduction,
    options?: ScatterReduceOptions,
  ): Tensor {
    scatters.scatterReduceInto(this, dim, index, source, reduce, options);
    return this;
  },
  indexAdd_(this: Tensor, dim: number, index: Tensor, source: Tensor, options: IndexAddOptions = {}): Tensor {
    scoped(() => {
      const inputs = indexing.addends('indexAdd_', dim, index, source, options);
      backend.runInPlace('indexAdd', [this, ...inputs], { dim });
    });
    return this;
  },
  indexCopy_(this: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    scoped(() =>
      backend.runInPlace('indexCopy', [this, ...scatters.slicesFor(this, dim, index, source)], { dim }),
    );
    return this;
  },
  indexFill_(this: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
    const at = wrapDim('indexFill_', dim, this.ndim);
    if (this.ndim === 0) {
      writeInto('indexFill_', this, () => scatters.indexFill(this, dim, index, value));
      return this;
    }
    scoped(() => {
      const inputs = scatters.fillingOf('indexFill_', this, at, index, value);
      backend.runInPlace('scatter', [this, ...inputs], { dim: at });
    });
    return this;
  },
  indexReduce_(
    this: Tensor,
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: SliceReduction,
    options?: ScatterReduceOptions,
  ): Tensor {
    scatters.indexReduceInto(this, dim, index, source, reduce, options);
    return this;
  },
  maskedFill_(this: Tensor, where: Tensor, value: Operand): Tensor {
    writeInto('maskedFill_', this, () => mask.maskedFill(this, where, value));
    return this;
  },
  maskedScatter_(this: Tensor, where: Tensor, source: Tensor): Tensor {
    writeInto('maskedScatter_', this, () => mask.maskedScatter(this, where, source));
    return this;
  },
  tril_(this: Tensor, options: TriangleOptions = {}): Tensor {
    backend.runInPlace('tril', [this], triangleAttrs('tril_', this, options));
    return this;
  },
  triu_(this: Tensor, options: TriangleOptions = {}): Tensor {
    backend.runInPlace('triu', [this], triangleAttrs('triu_', this, options));
    return this;
  },
};
