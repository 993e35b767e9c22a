// Work that stays on its thread.
#pragma once

namespace lanegrad {

// For a block: parallel work that the calling thread begins runs on it alone.
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool former_;
};

}  // namespace lanegrad
