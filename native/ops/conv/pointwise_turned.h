// Pointwise convolutions of many channels with pixels as rows: the weights are packed once for all images, a
// panel of pixels is copied into the L1 cache, and the product is transposed into the output. That last step
// pays for itself where it stands beside many multiply-adds an element.
#pragma once

#include "ops/conv/convolution.h"

namespace lanegrad::conv_detail {

bool suits_turned(const ConvGeometry& g, int64_t channels, int64_t depth);

template <class T>
size_t turned_workspace(const ConvGeometry& g, int64_t channels, int64_t depth);

// out[channels, pixels] = weight[channels, depth] image[depth, pixels], for each image and group; pixels are
// `pixel` elements apart.
template <class T>
void run_turned(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> image,
                int64_t pixel, ConvOperand<const T> weight, int weight_depth, T* out,
                const ConvExtras<T>& extras, void* workspace);

// The weights as it reads them, made once for many calls.
template <class T>
int64_t turned_packed_elements(const ConvGeometry& g, int64_t channels, int64_t depth);
template <class T>
void pack_turned(const ConvGeometry& g, int64_t channels, int64_t depth, ConvOperand<const T> weight,
                 int weight_depth, T* packed);

}  // namespace lanegrad::conv_detail
