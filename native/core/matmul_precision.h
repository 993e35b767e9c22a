// How exactly float32 products are computed where a matrix unit with bfloat16 factors is in force: the number
// of parts that a factor is split into. Elsewhere float32 products are always computed in float32.
#pragma once

#include <atomic>

namespace lanegrad {

// Six products of parts, three, one.
enum class MatmulPrecision { kHighest = 3, kHigh = 2, kMedium = 1 };

inline std::atomic<MatmulPrecision>& matmul_precision_in_force() {
  static std::atomic<MatmulPrecision> precision{MatmulPrecision::kHighest};
  return precision;
}

}  // namespace lanegrad
