// 1 x 1 convolutions as one product of weights by pixels: all images in one parallel region, each task packs
// the pixels that it multiplies.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

// Whether there are enough tasks for it: out[channels, pixels] = weight[channels, depth]
// image[depth, pixels] for each image and group.
template <class T>
bool suits_columns(const ConvGeometry& g, int64_t channels, int64_t depth);

template <class T>
size_t columns_workspace(const ConvGeometry& g, int64_t depth);

// The pixels of the image lie `pixel` elements apart; weight_depth: the dim of the weight that is summed
// over.
template <class T>
void run_columns(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
                 int64_t pixel, ConvOperand<const T> weight, int weight_depth, T* out,
                 const ConvExtras<T>& extras, void* workspace);

}  // namespace lanegrad::conv_detail
