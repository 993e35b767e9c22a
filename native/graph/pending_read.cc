#include "graph/pending_read.h"

#include <exception>
#include <utility>

#include "graph/environment.h"
#include "ops/layout/copy.h"

namespace lanegrad {

// A descriptor of its own: that of the tensor belongs to the JavaScript thread.
PendingRead::PendingRead(Tensor source, void* target, DType held)
    : source_(alias_tensor(source, source->spec, source->offset)),
      target_(target),
      spec_(TensorSpec::contiguous(held, source->spec.shape)) {}

void PendingRead::finish() {
  uint32_t expected = kWaiting;
  if (!state_.compare_exchange_strong(expected, kCopying)) {
    while (state_.load(std::memory_order_acquire) != kDone) state_.wait(kCopying);
    return;
  }
  try {
    copy_view({target_, &spec_}, {source_->data(), &source_->spec});
  } catch (const std::exception& error) {
    problem_ = error.what();
  }
  state_.store(kDone, std::memory_order_release);
  state_.notify_all();
}

void finish_reads(const Environment& env, const Storage* storage) {
  for (const auto& read : env.reads) {
    if (read->reads(storage)) read->finish();
  }
}

}  // namespace lanegrad
