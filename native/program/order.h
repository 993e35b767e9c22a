// Which calls a call must wait for: those before it that write what it uses, or use what it writes. For the
// JavaScript thread alone.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace lanegrad {

class ProgramOrder {
 public:
  // The call of which reads() and writes() tell next; `oldest` is the first that has not ended.
  void begin(uint64_t number, uint64_t oldest);
  // Of the same memory, reads before writes.
  void reads(const void* memory);
  void writes(const void* memory);
  // Numbers, some of which may have ended, or be there twice.
  std::span<const uint64_t> after() const { return after_; }
  // No call that has not ended uses it.
  void forget(const void* memory) { touches_.erase(memory); }

 private:
  struct Touch {
    uint64_t writer = 0;            // the last; 0 if there was none
    std::vector<uint64_t> readers;  // since
  };
  uint64_t number_ = 0, oldest_ = 0;
  std::unordered_map<const void*, Touch> touches_;
  std::vector<uint64_t> after_;
};

}  // namespace lanegrad
