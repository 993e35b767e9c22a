// Listens to the ops of one JavaScript call and makes a program of them.
//
// It holds numbers for storages, not the storages: what dies while the function runs dies as it would without
// it, and backward finds the same reference counts. Storages that were there before are held, and their bytes
// copied before the first write, so that a recording that is given up leaves everything as it was.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/environment.h"
#include "graph/recording.h"
#include "program/code.h"

namespace lanegrad {

// How `.grad` of one tensor takes part.
struct GradientBinding {
  enum class After : uint8_t { kUntouched, kNone, kTensor, kDropped };
  Tensor leaf;  // null: that of the argument
  int argument = -1;
  bool guarded = false;  // the recording depended on whether there was one at entry
  bool present = false;  // whether there was
  int storage = -1;      // of the code, with the memory that it has at entry
  Tensor entry;          // what it was at entry; if `storage` says where it lies, only while recording
  TensorSpec spec;       // of it
  int64_t offset = 0;    // in elements
  After after = After::kUntouched;
  Tensor kept;            // what it is afterwards, of a tensor that is no argument
  int storage_kept = -1;  // where it lies, if that is the arena
  int result = -1;        // of an argument: which of the results
};

// A tensor of outside whose requiresGrad the recording took for granted.
struct WatchedLeaf {
  Tensor leaf;
  bool requires_grad = false;
};

struct RecordedArgument {
  TensorSpec spec;
  int64_t offset = 0;  // in elements
  int storage = -1;    // of the code
  bool requires_grad = false;
};

// What a recording gives.
struct Recorded {
  Code code;
  std::vector<RecordedArgument> arguments;
  std::vector<GradientBinding> gradients;
  std::vector<WatchedLeaf> watched;
  size_t user_results = 0;  // the others are gradients of arguments
  size_t eager_peak = 0;    // bytes of temporaries and workspaces that were live at once
};

class Recorder final : public Recording {
 public:
  Recorder(const Environment& env, std::span<const Tensor> arguments);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void before(const Call& call, std::span<const Tensor> outputs, bool in_place) override;
  void after(const Call& call, const InferContext& inferred, std::span<const Tensor> outputs, bool in_place,
             size_t workspace_bytes) override;
  void viewed(const Call& call) override;
  void before_copy(const Tensor& target) override;
  void after_copy(const Tensor& target, const Tensor& source) override;
  void created(const Tensor& tensor) override;
  void grad_read(const Tensor& leaf) override { touch_grad(leaf, true); }
  void grad_written(const Tensor& leaf) override { touch_grad(leaf, false); }

  bool is_state(const Tensor& tensor) const override;
  bool is_last_of_state(const Tensor& tensor) const override;
  // Whether an op made it while recording, and nobody but one handle knows it.
  bool is_fresh(const Tensor& tensor) const;

  // The function returned these.
  Recorded finish(std::span<const Tensor> results, bool keep_grads);
  // It threw: memory and gradients become what they were.
  void abort();

 private:
  enum class Origin : uint8_t { kArgument, kGradient, kOutside, kCreated, kMade };
  struct Entry : StorageMark {
    Recorder* recorder = nullptr;
    int index = 0;
    Storage* storage = nullptr;  // null once it has ended
    size_t bytes = 0;
    Origin origin = Origin::kMade;
    int slot = -1;
    uint32_t versions = 0;
    Ref<Storage> held;    // but of what was made
    Ref<Storage> former;  // a copy from before the first write
  };

  static void storage_ended(StorageMark& mark);
  Entry& add(Storage* storage, Origin origin);
  Entry& entry_of(const Tensor& t);
  void keep_former(const Tensor& t);
  void touch_grad(const Tensor& leaf, bool read);
  int argument_of(const Tensor& t) const;
  CodeOperand operand(const Tensor& t);
  void watch(const Tensor& t);
  void unmark();

  void settle_gradients(bool keep_grads);
  void settle_gradient(GradientBinding& binding, bool keep_grads);
  void add_storages(Recorded& out);
  void add_results(Recorded& out, std::span<const Tensor> results);
  int add_result_copy(Recorded& out, const Tensor& source);

  const Environment& env_;
  std::vector<Tensor> arguments_;
  std::unordered_map<const TensorImpl*, int> argument_of_;
  const uint64_t first_;       // the number of the first tensor that the function made
  std::deque<Entry> entries_;  // their addresses stay
  std::vector<CodeNode> nodes_;
  std::vector<GradientBinding> gradients_;
  std::unordered_map<const TensorImpl*, size_t> gradient_of_;
  std::vector<WatchedLeaf> watched_;
  std::unordered_set<const TensorImpl*> seen_leaves_;
  size_t live_ = 0, peak_ = 0;
  // Since the pool was last trimmed: bytes copied of what was there before; and the peak then.
  size_t copied_ = 0, trimmed_ = 0;
};

}  // namespace lanegrad
