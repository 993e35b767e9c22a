// A recorded, optimized and planned step, and what surrounds its replay: what it took for granted, what each
// call brings, and what becomes of gradients.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graph/environment.h"
#include "program/hoisted.h"
#include "program/passes.h"
#include "program/recorder.h"
#include "program/replay.h"
#include "program/sharing.h"

namespace lanegrad {

struct ProgramOptions {
  std::string name = "program";
  PassSet passes;
  bool profile = false;
};

// What one call brings and takes away. Its vectors keep their memory from call to call.
struct Invocation {
  std::vector<char*> bases;        // by Replay::dynamic()
  std::vector<Ref<Storage>> pins;  // what they stand on
  std::vector<Tensor> results;
  std::vector<std::pair<Tensor, Tensor>> gradients;  // of arguments: whose, and what it is after the call
  std::vector<uint32_t> versions;                    // of the state that hoisted nodes read
  std::atomic<Stop> stop{Stop::kNo};

  void clear() {
    pins.clear();
    results.clear();
    gradients.clear();
  }
};

class Program {
 public:
  // Of the recording's environment, on whose thread all but `execute` is called.
  Program(Environment& env, Recorded recorded, ProgramOptions options);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::string& name() const { return options_.name; }
  size_t result_count() const { return recorded_.user_results; }

  // Whether these arguments and the gradients and leaves of outside are such as the recording saw.
  bool ready(std::span<const Tensor> arguments) const;
  // Throws kRecording if it is not.
  void check_ready(std::span<const Tensor> arguments) const;
  // Of a program that is ready: throws kBusy where calls that were started and have not ended use what a call
  // of this one would.
  void check_idle(std::span<const Tensor> arguments) const;
  // Takes the memory of a call, makes its results, and binds gradients as they are after it.
  void prepare(Invocation& call, std::span<const Tensor> arguments);
  // After a call that did not go through: gradients that it would have made are not there. Those that all
  // calls write are left (`shared` is false) where a later call makes them again.
  void drop_gradients(const Invocation& call, bool shared);
  // Runs it; on any thread, one call at a time. False if it was stopped.
  bool execute(Invocation& call);

  // Memory that every call reads or writes, besides what the call brings.
  std::span<Storage* const> read_state() const { return read_state_; }
  std::span<Storage* const> written_state() const { return written_state_; }
  // Whether a call writes what stands behind bases[i], which is not a result.
  bool writes_base(size_t i) const { return writes_base_[i]; }
  size_t node_count() const { return recorded_.code.nodes.size(); }

  int in_flight = 0;  // calls that were started on another thread

  std::string describe() const;  // JSON
  std::string print() const;

 private:
  struct Window {
    int64_t low = 0, high = 0;  // bytes of the storage that the program touches
  };

  Tensor gradient_at_entry(const GradientBinding& b, std::span<const Tensor> arguments) const;
  const char* unready(std::span<const Tensor> arguments) const;
  bool fits(const Tensor& t, const TensorSpec& spec, int64_t offset, int storage) const;
  void find_windows();
  void find_state();
  void build();
  void keep_in_arena();
  void move_to_arena();
  void move_from_arena();
  void refit();
  bool is_state_in_use(const Storage* memory, bool written) const;
  void bind_gradients(std::span<const Tensor> arguments, Invocation& call);

  Environment& env_;
  Recorded recorded_;
  const ProgramOptions options_;
  std::vector<PassReport> reports_;
  size_t nodes_before_ = 0;
  std::vector<Window> windows_;                       // by storage
  std::vector<Storage*> read_state_, written_state_;  // sorted
  std::vector<bool> writes_base_, written_;           // written_: by storage
  mutable Sharing sharing_;
  std::vector<int> dynamic_;         // storages that come with each call, as Replay has them
  std::vector<size_t> result_base_;  // by result: which of them, or their number
  mutable std::mutex building_;      // held where the plan changes, and where it is described
  MemoryPlan plan_;
  Ref<Storage> arena_;
  std::vector<size_t> in_arena_;  // gradients that lie there, by binding
  std::unique_ptr<Replay> replay_;
  std::unique_ptr<HoistedNodes> hoisted_;
  int threads_ = 0, matmul_ = 0;  // that workspaces were measured for
  std::vector<double> times_;     // by node, if profiled
  uint64_t calls_ = 0;
};

}  // namespace lanegrad
