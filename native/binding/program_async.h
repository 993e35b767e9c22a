// The thread of programs as JavaScript sees it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "binding/napi_setup.h"
#include "core/tensor.h"
#include "program/thread.h"

namespace lanegrad {

class AddonData;

class ProgramQueue {
 public:
  explicit ProgramQueue(AddonData& data);
  ~ProgramQueue();
  ProgramQueue(const ProgramQueue&) = delete;
  ProgramQueue& operator=(const ProgramQueue&) = delete;

  // A promise of what the job gives; `name` is what errors call it.
  napi_value add(std::unique_ptr<ProgramJob> job, const std::string& name);
  // Those whose promise is not settled.
  const std::vector<ProgramJob*>& jobs() const { return jobs_; }
  size_t in_flight() const { return jobs_.size(); }

 private:
  static void join(void* queue);
  static void done(void* queue, std::unique_ptr<ProgramJob> job);
  static void complete(napi_env env, napi_value function, void* queue, void* job);

  AddonData& data_;
  std::vector<ProgramJob*> jobs_;
  napi_threadsafe_function settle_ = nullptr;
  std::unique_ptr<ProgramThread> thread_;
};

// Copies the elements to `target`, in `buffer`, when the programs that were started are done: a promise of
// the buffer.
napi_value read_behind_programs(AddonData& data, const Tensor& source, napi_value buffer, void* target,
                                const TensorSpec& spec);

}  // namespace lanegrad
