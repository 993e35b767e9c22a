// The activations that a layer can make of its result while it is in cache.
#pragma once

#include <array>

#include "kernels/elementwise/elementwise.h"

namespace lanegrad {

// The values of the attribute `activation` of the finished layers, the names of the elementwise ops that they
// are, and their kernels' codes, in the same order.
inline constexpr const char* kFinishActivations = "none|relu|gelu|geluTanh|silu|sigmoid|tanh";
inline constexpr std::array<const char*, 7> kFinishNames = {"none", "relu",    "gelu", "geluTanh",
                                                            "silu", "sigmoid", "tanh"};
inline constexpr std::array<int, 7> kFinishCodes = {-1,         kCode_relu,    kCode_gelu, kCode_geluTanh,
                                                    kCode_silu, kCode_sigmoid, kCode_tanh};

// The kernel of such a value, null for none.
inline auto finish_activation(int value, DType dtype) {
  const int code = kFinishCodes[static_cast<size_t>(value)];
  return code < 0 ? nullptr : elementwise_table().kernels[code][static_cast<size_t>(dtype)];
}

}  // namespace lanegrad
