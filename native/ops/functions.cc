#include "ops/functions.h"

namespace lanegrad::fn {

Tensor sum_to(Applier& c, const Tensor& grad, const Dims& shape) {
  const Dims wide = grad->spec.shape;
  if (wide == shape) return grad;
  const int lead = wide.size() - shape.size();
  Dims dims;
  for (int i = 0; i < wide.size(); ++i) {
    if (i < lead || (shape[i - lead] == 1 && wide[i] != 1)) dims.push_back(i);
  }
  Tensor out = dims.empty() ? grad : sum(c, grad, dims, /*keepdim=*/true);
  return lead > 0 ? reshape(c, out, shape) : out;
}

}  // namespace lanegrad::fn
