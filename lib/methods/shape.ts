import { shapeText } from '../check.js';
import { ShapeError } from '../errors.js';
import * as broadcast from '../ops/broadcast.js';
import * as creation from '../ops/creation.js';
import type { CreationOptions, Shape } from '../ops/creation.js';
import * as diagonals from '../ops/diagonal.js';
import type { DiagonalOptions, DiagOptions } from '../ops/diagonal.js';
import * as dims from '../ops/dims.js';
import * as join from '../ops/join.js';
import * as rearrange from '../ops/rearrange.js';
import type { RollOptions, Rot90Options } from '../ops/rearrange.js';
import * as copies from '../ops/repeat.js';
import type { RepeatInterleaveOptions } from '../ops/repeat.js';
import * as split from '../ops/split.js';
import type { Cuts } from '../ops/split.js';
import * as memory from '../ops/strided.js';
import type { AsStridedOptions } from '../ops/strided.js';
import * as triangle from '../ops/triangle.js';
import type { TriangleOptions } from '../ops/triangle.js';
import * as views from '../ops/view.js';
import type { SliceRange } from '../ops/view.js';
import type { Tensor } from '../tensor.js';

/** Views and rearrangements as methods. */
export interface ShapeMethods {
  /** All dims in the opposite order, as a view. */
  readonly T: Tensor;
  /** The last two dims swapped, as a view. Throws ShapeError for fewer than two dims. */
  readonly mT: Tensor;

  reshape(shape: readonly number[]): Tensor;
  view(shape: readonly number[]): Tensor;
  permute(dims: readonly number[]): Tensor;
  transpose(dim0: number, dim1: number): Tensor;
  t(): Tensor;
  expand(shape: readonly number[]): Tensor;
  squeeze(dim?: number | readonly number[]): Tensor;
  unsqueeze(dim: number): Tensor;
  flatten(startDim?: number, endDim?: number): Tensor;
  unflatten(dim: number, sizes: readonly number[]): Tensor;
  narrow(dim: number, start: number | Tensor, length: number): Tensor;
  select(dim: number, index: number): Tensor;
  slice(dim: number, range: SliceRange): Tensor;
  split(size: number | readonly number[], dim?: number): Tensor[];
  chunk(chunks: number, dim?: number): Tensor[];
  unbind(dim?: number): Tensor[];
  unfold(dim: number, size: number, step: number): Tensor;
  asStrided(size: readonly number[], stride: readonly number[], options?: AsStridedOptions): Tensor;
  ravel(): Tensor;
  viewAs(other: Tensor): Tensor;
  reshapeAs(other: Tensor): Tensor;
  swapaxes(axis0: number, axis1: number): Tensor;
  movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor;
  expandAs(other: Tensor): Tensor;
  broadcastTo(shape: readonly number[]): Tensor;
  repeat(repeats: number | readonly number[]): Tensor;
  tile(dims: number | readonly number[]): Tensor;
  repeatInterleave(repeats: number | Tensor, options?: RepeatInterleaveOptions): Tensor;
  flip(dims: number | readonly number[]): Tensor;
  fliplr(): Tensor;
  flipud(): Tensor;
  rot90(options?: Rot90Options): Tensor;
  roll(shifts: number | readonly number[], options?: RollOptions): Tensor;
  splitWithSizes(sizes: readonly number[], dim?: number): Tensor[];
  tensorSplit(cuts: Cuts, dim?: number): Tensor[];
  hsplit(cuts: Cuts): Tensor[];
  vsplit(cuts: Cuts): Tensor[];
  dsplit(cuts: Cuts): Tensor[];
  tril(options?: TriangleOptions): Tensor;
  triu(options?: TriangleOptions): Tensor;
  diag(options?: DiagOptions): Tensor;
  diagonal(options?: DiagonalOptions): Tensor;
  diagEmbed(options?: DiagonalOptions): Tensor;
  diagflat(options?: { offset?: number }): Tensor;

  newZeros(shape: Shape, options?: CreationOptions): Tensor;
  newOnes(shape: Shape, options?: CreationOptions): Tensor;
  newFull(shape: Shape, value: number | boolean, options?: CreationOptions): Tensor;
  newEmpty(shape: Shape, options?: CreationOptions): Tensor;
}

export const shapeProperties: Record<'T' | 'mT', (this: Tensor) => Tensor> = {
  T() {
    return views.permute(
      this,
      this.shape.map((_, i) => this.ndim - 1 - i),
    );
  },
  mT() {
    if (this.ndim < 2)
      throw new ShapeError(`[mT] got shape ${shapeText(this.shape)}, wanted at least two dims`);
    return views.transpose(this, -2, -1);
  },
};

export const shapeMethods: Omit<ShapeMethods, 'T' | 'mT'> & ThisType<Tensor> = {
  reshape(shape) {
    return views.reshape(this, shape);
  },
  view(shape) {
    return views.view(this, shape);
  },
  permute(dims) {
    return views.permute(this, dims);
  },
  transpose(dim0, dim1) {
    return views.transpose(this, dim0, dim1);
  },
  t() {
    return views.t(this);
  },
  expand(shape) {
    return views.expand(this, shape);
  },
  squeeze(dim) {
    return views.squeeze(this, dim);
  },
  unsqueeze(dim) {
    return views.unsqueeze(this, dim);
  },
  flatten(startDim, endDim) {
    return views.flatten(this, startDim, endDim);
  },
  unflatten(dim, sizes) {
    return views.unflatten(this, dim, sizes);
  },
  narrow(dim, start, length) {
    return views.narrow(this, dim, start, length);
  },
  select(dim, index) {
    return views.select(this, dim, index);
  },
  slice(dim, range) {
    return views.slice(this, dim, range);
  },
  split(size, dim) {
    return join.split(this, size, dim);
  },
  chunk(chunks, dim) {
    return join.chunk(this, chunks, dim);
  },
  unbind(dim) {
    return join.unbind(this, dim);
  },
  unfold(dim, size, step) {
    return memory.unfold(this, dim, size, step);
  },
  asStrided(size, stride, options) {
    return memory.asStrided(this, size, stride, options);
  },
  ravel() {
    return dims.ravel(this);
  },
  viewAs(other) {
    return dims.viewAs(this, other);
  },
  reshapeAs(other) {
    return dims.reshapeAs(this, other);
  },
  swapaxes(axis0, axis1) {
    return dims.swapaxes(this, axis0, axis1);
  },
  movedim(source, destination) {
    return dims.movedim(this, source, destination);
  },
  expandAs(other) {
    return broadcast.expandAs(this, other);
  },
  broadcastTo(shape) {
    return broadcast.broadcastTo(this, shape);
  },
  repeat(repeats) {
    return copies.repeat(this, repeats);
  },
  tile(dims) {
    return copies.tile(this, dims);
  },
  repeatInterleave(repeats, options) {
    return copies.repeatInterleave(this, repeats, options);
  },
  flip(dims) {
    return rearrange.flip(this, dims);
  },
  fliplr() {
    return rearrange.fliplr(this);
  },
  flipud() {
    return rearrange.flipud(this);
  },
  rot90(options) {
    return rearrange.rot90(this, options);
  },
  roll(shifts, options) {
    return rearrange.roll(this, shifts, options);
  },
  splitWithSizes(sizes, dim) {
    return split.splitWithSizes(this, sizes, dim);
  },
  tensorSplit(cuts, dim) {
    return split.tensorSplit(this, cuts, dim);
  },
  hsplit(cuts) {
    return split.hsplit(this, cuts);
  },
  vsplit(cuts) {
    return split.vsplit(this, cuts);
  },
  dsplit(cuts) {
    return split.dsplit(this, cuts);
  },
  tril(options) {
    return triangle.tril(this, options);
  },
  triu(options) {
    return triangle.triu(this, options);
  },
  diag(options) {
    return diagonals.diag(this, options);
  },
  diagonal(options) {
    return diagonals.diagonal(this, options);
  },
  diagEmbed(options) {
    return diagonals.diagEmbed(this, options);
  },
  diagflat(options) {
    return diagonals.diagflat(this, options);
  },
  newZeros(shape, options) {
    return creation.newZeros(this, shape, options);
  },
  newOnes(shape, options) {
    return creation.newOnes(this, shape, options);
  },
  newFull(shape, value, options) {
    return creation.newFull(this, shape, value, options);
  },
  newEmpty(shape, options) {
    return creation.newEmpty(this, shape, options);
  },
};
