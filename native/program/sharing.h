// Whether what a call brings shares memory as it did when the program was recorded: the same tensors the same
// parts of the same memory, and no others. In a time near to linear: a call may bring thousands.
#pragma once

#include <cstdint>
#include <vector>

#include "core/storage.h"

namespace lanegrad {

class Sharing {
 public:
  void clear() { uses_.clear(); }
  // Memory that stands for a storage of the code, and the bytes by which it lies further than recorded.
  void add(int storage, const Storage* memory, int64_t moved) { uses_.push_back({storage, memory, moved}); }
  bool is_as_recorded();

 private:
  struct Use {
    int storage = -1;
    const Storage* memory = nullptr;
    int64_t moved = 0;
  };
  static bool agree(const Use& a, const Use& b);

  std::vector<Use> uses_;
};

}  // namespace lanegrad
