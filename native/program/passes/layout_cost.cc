#include "program/passes/layout_cost.h"

#include "ops/product/batched_gemm.h"
#include "ops/conv/amx.h"
#include "ops/conv/channels.h"
#include "ops/conv/record.h"
#include "ops/conv/window.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

constexpr double kCopy = 5;                              // an element
constexpr double kDepthwise = 3, kDepthwiseNarrow = 20;  // an element of the image
constexpr double kPointwise = 2, kPointwiseNarrow = 6;   // an element of image and result
constexpr double kBatchNorm = 3;                         // an element,
constexpr int64_t kLargePlane = 512;                     // of planes of so many pixels: row-major is faster

int64_t plane_of(const TensorSpec& x) {
  int64_t plane = 1;
  for (int d = 2; d < x.rank(); ++d) plane *= x.shape[d];
  return plane;
}

// One of the three convolutions, told by what the forward one is given.
struct Forward {
  TensorSpec x, weight;
  Attrs attrs;
};

Forward forward_of(const CodeNode& node, int first) {
  Forward f;
  f.x = node.inputs[0].spec;
  f.weight = node.inputs[1].spec;
  f.attrs.add_ints(node.attrs.get_ints(first))
      .add_ints(node.attrs.get_ints(first + 1))
      .add_ints(node.attrs.get_ints(first + 2))
      .add_int(node.attrs.get_int(first + 3));
  return f;
}

TensorSpec row_major(DType dtype, std::span<const int64_t> shape) {
  return TensorSpec::contiguous(dtype, Dims(shape));
}

// A kernel there shows in what the shape rule makes of such an image.
LayoutCost cost_of(const Forward& f, int images) {
  static const Op& conv = find_op("convolution");
  LayoutCost cost;
  cost.images = images;
  if (!is_plain_image(row_major(f.x.dtype, f.x.shape))) return cost;
  const TensorSpec last = in_last(f.x);
  const TensorSpec* const inputs[] = {&last, &f.weight};
  const Start starts[] = {0, 1, 2, 2};
  InferContext c(conv, Operands<const TensorSpec*>(inputs, starts), f.attrs);
  conv.infer(c);
  // Tiles are faster than either layout by vectors; they write row-major.
  cost.has_kernel = lies_last(c.out(0)) &&
                    !(f.x.dtype == DType::kFloat32 &&
                      conv_detail::amx_suits_forward<float>(read_geometry(c, 0, f.x.shape, f.weight.shape)));
  if (!cost.has_kernel) return cost;
  const bool narrow = is_narrow(f.x.dtype);
  const double in = static_cast<double>(f.x.numel()), out = static_cast<double>(c.out(0).numel());
  if (f.attrs.get_int(3) > 1) {
    // Where both layouts go straight over memory neither is faster.
    const ConvGeometry g = read_geometry(c, 0, f.x.shape, f.weight.shape);
    const bool both =
        dispatch_factor(f.x.dtype, [&]<class In>(In) { return conv_detail::has_window<In>(g); });
    if (!both) cost.saved = in * (narrow ? kDepthwiseNarrow : kDepthwise);
  } else if (plane_of(f.weight) == 1 && plane_of(f.x) == plane_of(c.out(0))) {
    cost.saved = (in + out) * (narrow ? kPointwiseNarrow : kPointwise);
  }
  return cost;
}

}  // namespace

double copy_cost(int64_t elements) { return kCopy * static_cast<double>(elements); }

bool lies_last(const TensorSpec& spec) {
  return spec.rank() >= 3 && spec.rank() <= 5 && conv_detail::lies_channels_last(spec);
}

TensorSpec in_last(TensorSpec spec) {
  spec.strides = conv_detail::channels_last_strides(spec.shape);
  return spec;
}

bool is_plain_image(const TensorSpec& spec) {
  return spec.rank() >= 3 && spec.rank() <= 5 && spec.is_contiguous() && lies_last(in_last(spec));
}

LayoutCost layout_cost(const CodeNode& node) {
  static const Op &conv = find_op("convolution"), &input_grad = find_op("convolutionInputGrad"),
                  &weight_grad = find_op("convolutionWeightGrad"), &grads = find_op("convolutionGradients"),
                  &norm = find_op("batchNormTrain"), &norm_grad = find_op("batchNormBackward");
  if (node.op == &conv) return cost_of(forward_of(node, 0), 1);
  if (node.op == &input_grad) {
    Forward f = forward_of(node, 1);
    f.x = row_major(f.x.dtype, node.attrs.get_ints(0));
    return cost_of(f, 1);
  }
  if (node.op == &weight_grad) {
    Forward f = forward_of(node, 1);
    f.x = node.inputs[1].spec;
    f.weight = row_major(f.x.dtype, node.attrs.get_ints(0));
    return cost_of(f, 2);
  }
  if (node.op == &grads) {
    Forward f = forward_of(node, 0);
    f.x = node.inputs[1].spec;
    f.weight = node.inputs[2].spec;
    return cost_of(f, 2);
  }
  LayoutCost cost;
  if (node.op != &norm && node.op != &norm_grad) return cost;
  const TensorSpec& x = node.inputs[0].spec;
  if (plane_of(x) >= kLargePlane) cost.lost = kBatchNorm * static_cast<double>(x.numel());
  return cost;
}

}  // namespace lanegrad
