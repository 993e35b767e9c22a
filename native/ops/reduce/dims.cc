#include "ops/reduce/dims.h"

namespace lanegrad {

uint32_t reduce_mask(const char* op, std::span<const int64_t> dims, int rank) {
  if (dims.empty()) return (uint32_t{1} << rank) - 1;
  uint32_t mask = 0;
  for (int64_t d : dims) {
    const int dim = normalize_dim(op, d, rank);
    if (mask >> dim & 1) fail(ErrorKind::kValue, op, "dim ", dim, " appears more than once in dims");
    mask |= uint32_t{1} << dim;
  }
  return mask;
}

Dims reduced_shape(const Dims& shape, uint32_t mask, bool keepdim) {
  Dims out;
  for (int i = 0; i < shape.size(); ++i) {
    if ((mask >> i & 1) == 0)
      out.push_back(shape[i]);
    else if (keepdim)
      out.push_back(1);
  }
  return out;
}

Tensor with_reduced_dims(Applier& c, const Tensor& x, const Dims& input_shape, uint32_t mask) {
  const Dims shape = reduced_shape(input_shape, mask, true);
  return x->spec.shape == shape ? x : fn::reshape(c, x, shape);
}

}  // namespace lanegrad
