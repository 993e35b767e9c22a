// What gradients of products along a dim are written with.
#pragma once

#include "ops/functions.h"
#include "ops/op.h"

namespace lanegrad {

// y[j] = a[j] y[j - 1] + b[j] along `dim`, or from the end, y[j] = a[j] y[j + 1] + b[j].
Tensor recurrence(Applier& c, const Tensor& a, const Tensor& b, int dim, bool reverse);

// x moved by one place along `dim`, `fill` where nothing comes: out[j] = x[j - 1] if `later`, else x[j + 1].
// The dim is not empty.
Tensor shifted(Applier& c, const Tensor& x, int dim, bool later, double fill);

// The product of all other elements along `dim`: of those before times of those after.
Tensor product_of_others(Applier& c, const Tensor& x, int dim);

// The gradient of a choice along one dim: `grad`, which lies as `index`, at the places of `index` in zeros of
// `shape`.
Tensor scatter_to(Applier& c, const Tensor& grad, const Tensor& index, const Dims& shape, int dim);

}  // namespace lanegrad
