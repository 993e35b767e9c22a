// The threads of programs as JavaScript sees them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "binding/napi_setup.h"
#include "core/tensor.h"
#include "program/order.h"
#include "program/thread.h"

namespace lanegrad {

class AddonData;

class ProgramQueue {
 public:
  explicit ProgramQueue(AddonData& data);
  ~ProgramQueue();
  ProgramQueue(const ProgramQueue&) = delete;
  ProgramQueue& operator=(const ProgramQueue&) = delete;

  // The call of which marks are made next, that add() will start.
  std::shared_ptr<ProgramOrder> begin();
  // A promise of what the job gives, once the calls are done that its marks are to follow; `name` is what
  // errors call it.
  napi_value add(std::unique_ptr<ProgramJob> job, const std::string& name);
  // Those whose promise is not settled.
  const std::vector<ProgramJob*>& jobs() const { return jobs_; }
  size_t in_flight() const { return jobs_.size(); }

 private:
  static void join(void* queue);
  static void done(void* queue, std::unique_ptr<ProgramJob> job);
  static void complete(napi_env env, napi_value function, void* queue, void* job);

  void count_name(const std::string& name, int by);

  AddonData& data_;
  std::vector<ProgramJob*> jobs_;  // in the order in which they were added
  uint64_t last_ = 0;              // the number of the last
  const std::shared_ptr<ProgramOrder> order_ = std::make_shared<ProgramOrder>();
  std::map<std::string, int> names_;  // of the programs in flight
  napi_threadsafe_function settle_ = nullptr;
  std::unique_ptr<ProgramThreads> threads_;
};

// Copies the elements to `target`, in `buffer`, when the programs that were started are done: a promise of
// the buffer.
napi_value read_behind_programs(AddonData& data, const Tensor& source, napi_value buffer, void* target,
                                const TensorSpec& spec);

}  // namespace lanegrad
