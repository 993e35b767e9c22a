import * as addProducts from '../ops/add-products.js';
import type { AddProductOptions } from '../ops/add-products.js';
import * as matrix from '../ops/matmul.js';
import * as products from '../ops/products.js';
import type { CrossOptions } from '../ops/products.js';
import type { Tensor } from '../tensor.js';

/** Products and linear algebra as methods. */
export interface LinalgMethods {
  matmul(other: Tensor): Tensor;
  mm(other: Tensor): Tensor;
  bmm(other: Tensor): Tensor;
  mv(other: Tensor): Tensor;
  dot(other: Tensor): Tensor;
  vdot(other: Tensor): Tensor;
  inner(other: Tensor): Tensor;
  outer(other: Tensor): Tensor;
  kron(other: Tensor): Tensor;
  cross(other: Tensor, options?: CrossOptions): Tensor;
  trace(): Tensor;
  addmm(a: Tensor, b: Tensor, options?: AddProductOptions): Tensor;
  addmv(a: Tensor, v: Tensor, options?: AddProductOptions): Tensor;
  addbmm(a: Tensor, b: Tensor, options?: AddProductOptions): Tensor;
  baddbmm(a: Tensor, b: Tensor, options?: AddProductOptions): Tensor;
  addr(a: Tensor, b: Tensor, options?: AddProductOptions): Tensor;
}

export const linalgMethods: LinalgMethods & ThisType<Tensor> = {
  matmul(other) {
    return matrix.matmul(this, other);
  },
  mm(other) {
    return matrix.mm(this, other);
  },
  bmm(other) {
    return matrix.bmm(this, other);
  },
  mv(other) {
    return matrix.mv(this, other);
  },
  dot(other) {
    return matrix.dot(this, other);
  },
  vdot(other) {
    return matrix.vdot(this, other);
  },
  inner(other) {
    return products.inner(this, other);
  },
  outer(other) {
    return products.outer(this, other);
  },
  kron(other) {
    return products.kron(this, other);
  },
  cross(other, options) {
    return products.cross(this, other, options);
  },
  trace() {
    return products.trace(this);
  },
  addmm(a, b, options) {
    return addProducts.addmm(this, a, b, options);
  },
  addmv(a, v, options) {
    return addProducts.addmv(this, a, v, options);
  },
  addbmm(a, b, options) {
    return addProducts.addbmm(this, a, b, options);
  },
  baddbmm(a, b, options) {
    return addProducts.baddbmm(this, a, b, options);
  },
  addr(a, b, options) {
    return addProducts.addr(this, a, b, options);
  },
};
