}  // namespace lanegrad::neon
