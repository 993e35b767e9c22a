// Reading a tensor on another thread while JavaScript goes on.
#pragma once

#include <atomic>
#include <string>

#include "core/tensor.h"

namespace lanegrad {

class Environment;

// The elements of a tensor as they are now, to be written to `target`, row-major. Holds the storage, so the
// tensor may be disposed meanwhile. Whoever comes first makes the copy: the thread that was asked to, or the
// JavaScript thread when it is about to write to the storage; nobody waits for a thread that has not begun.
class PendingRead {
 public:
  PendingRead(Tensor source, void* target, DType held);

  // Returns when the copy is made.
  void finish();
  bool reads(const Storage* storage) const { return source_->storage.get() == storage; }
  // Empty if all went well.
  const std::string& problem() const { return problem_; }

 private:
  enum State : uint32_t { kWaiting, kCopying, kDone };

  const Tensor source_;
  void* const target_;
  const TensorSpec spec_;
  std::atomic<uint32_t> state_{kWaiting};
  std::string problem_;
};

// Before `storage` is written: makes the copies that were promised of it.
void finish_reads(const Environment& env, const Storage* storage);

}  // namespace lanegrad
