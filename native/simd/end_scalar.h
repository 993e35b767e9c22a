}  // namespace lanegrad::scalar

#if !defined(__clang__)
#pragma GCC pop_options
#endif
