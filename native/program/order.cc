#include "program/order.h"

#include <algorithm>

namespace lanegrad {

void ProgramOrder::begin(uint64_t number, uint64_t oldest) {
  number_ = number;
  oldest_ = oldest;
  after_.clear();
}

void ProgramOrder::reads(const void* memory) {
  Touch& touch = touches_[memory];
  if (touch.writer == number_) return;
  if (touch.writer) after_.push_back(touch.writer);
  // What nobody ever writes (weights that are served) would gather readers without end.
  constexpr size_t kMany = 32;
  if (touch.readers.size() >= kMany && touch.readers[touch.readers.size() / 2] < oldest_)
    std::erase_if(touch.readers, [&](uint64_t each) { return each < oldest_; });
  if (touch.readers.empty() || touch.readers.back() != number_) touch.readers.push_back(number_);
}

void ProgramOrder::writes(const void* memory) {
  Touch& touch = touches_[memory];
  if (touch.writer && touch.writer != number_) after_.push_back(touch.writer);
  for (const uint64_t each : touch.readers)
    if (each != number_) after_.push_back(each);
  touch.writer = number_;
  touch.readers.clear();
}

}  // namespace lanegrad
