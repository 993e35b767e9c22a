// The rate of multiply-adds that all threads reach together, for benchmarks. No op.
#pragma once

namespace lanegrad {

// Floating operations a second: the sum of the best that each thread reached in `seconds`.
struct PeakRates {
  double float32;
  double float64;
  double tiles;  // products of bfloat16 on a tile unit; 0 where there is none
};
PeakRates measure_peak(double seconds);

}  // namespace lanegrad
