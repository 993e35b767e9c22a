#include "program/program.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/matmul_precision.h"
#include "core/pool.h"
#include "core/threads.h"
#include "graph/record.h"

namespace lanegrad {
namespace {

int matmul_in_force() {
  return static_cast<int>(matmul_precision_in_force().load(std::memory_order_relaxed));
}

bool same_spec(const TensorSpec& a, const TensorSpec& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.strides == b.strides;
}

Tensor gradient_of(const Tensor& leaf) {
  const AutogradMeta* meta = meta_of(leaf);
  return meta ? meta->grad : Tensor();
}

// Bytes by which the tensor lies further into its storage than one of its dtype at `offset`.
int64_t moved_by(const Tensor& t, int64_t offset) {
  return (t->offset - offset) * static_cast<int64_t>(size_of(t->spec.dtype));
}

}  // namespace

Program::Program(Environment& env, Recorded recorded, ProgramOptions options)
    : env_(env), recorded_(std::move(recorded)), options_(std::move(options)) {
  Code& code = recorded_.code;
  nodes_before_ = code.nodes.size();
  const auto passes = all_passes();
  for (size_t i = 0; i < passes.size(); ++i) {
    if (!options_.passes.has(i) || !passes[i].run) continue;
    const int changes = passes[i].run(code);
    reports_.push_back({passes[i].name, changes, running_nodes(code)});
  }
  find_windows();
  keep_in_arena();
  find_state();
  build();
  move_to_arena();
  if (options_.profile) times_.resize(code.nodes.size());
}

// What outlives it must not keep the arena, which is as large as all temporaries.
Program::~Program() { move_from_arena(); }

// ---- Built once

void Program::find_windows() {
  const Code& code = recorded_.code;
  windows_.assign(code.storages.size(), {std::numeric_limits<int64_t>::max(), 0});
  const auto see = [&](int storage, int64_t offset, const TensorSpec& spec) {
    Window& w = windows_[static_cast<size_t>(storage)];
    const int64_t size = static_cast<int64_t>(size_of(spec.dtype));
    w.low = std::min(w.low, offset);
    if (spec.numel() > 0) w.high = std::max(w.high, offset + (reach_of(spec.shape, spec.strides) + 1) * size);
  };
  for (const CodeNode& node : code.nodes) {
    for (const CodeOperand& o : node.inputs)
      if (o.on_storage()) see(o.storage, o.offset, o.spec);
    for (const CodeOperand& o : node.outputs) see(o.storage, o.offset, o.spec);
  }
  for (const CodeResult& r : code.results)
    see(r.storage, r.offset * static_cast<int64_t>(size_of(r.spec.dtype)), r.spec);
}

void Program::find_state() {
  const Code& code = recorded_.code;
  std::vector<bool> read(code.storages.size()), written(code.storages.size());
  for (const CodeNode& node : code.nodes) {
    for (const CodeOperand& o : node.inputs)
      if (o.on_storage()) read[static_cast<size_t>(o.storage)] = true;
    for_each_write(node, [&](const CodeOperand& o) { written[static_cast<size_t>(o.storage)] = true; });
  }
  for (size_t s = 0; s < code.storages.size(); ++s) {
    const CodeStorage& storage = code.storages[s];
    if (!storage.memory || storage.holding == Holding::kHoisted) continue;
    if (written[s]) {
      written_state_.push_back(storage.memory.get());
    } else if (read[s] && storage.holding == Holding::kState) {
      read_state_.push_back(storage.memory.get());
    }
  }
  for (size_t s = 0; s < code.storages.size(); ++s) {
    const Holding holding = code.storages[s].holding;
    if (!comes_with_call(holding)) continue;
    dynamic_.push_back(static_cast<int>(s));
    writes_base_.push_back(written[s] && holding != Holding::kResult);
  }
  std::sort(read_state_.begin(), read_state_.end());
  std::sort(written_state_.begin(), written_state_.end());
  written_ = std::move(written);
  for (const CodeResult& r : code.results)
    result_base_.push_back(
        static_cast<size_t>(std::find(dynamic_.begin(), dynamic_.end(), r.storage) - dynamic_.begin()));
}

constexpr size_t kLargeArena = size_t{4} << 20;

void Program::build() {
  threads_ = num_threads();
  matmul_ = matmul_in_force();
  size_t in_place = 0;
  const auto passes = all_passes();
  while (std::string_view(passes[in_place].name) != "inPlace") ++in_place;
  plan_ = plan_memory(recorded_.code, options_.passes.has(in_place));
  // What the recording took and gave back would lie beside the arena.
  if (plan_.bytes >= kLargeArena) pool_trim();
  if (plan_.bytes > 0) arena_ = Storage::allocate(name().c_str(), plan_.bytes);
  replay_ = std::make_unique<Replay>(recorded_.code, plan_, arena_, Ref<Storage>());
  hoisted_ = std::make_unique<HoistedNodes>(recorded_.code);
}

// A gradient that each call clears and makes anew, and that nobody has seen yet but the tensor that it is of,
// needs no memory while the call has not come to it. One that calls add to is state of its own.
void Program::keep_in_arena() {
  Code& code = recorded_.code;
  for (size_t i = 0; i < recorded_.gradients.size(); ++i) {
    const Tensor& t = recorded_.gradients[i].kept;
    if (!t || recorded_.gradients[i].guarded || t->use_count() != 2 || t->offset != 0) continue;
    const auto found = std::find_if(code.storages.begin(), code.storages.end(), [&](const CodeStorage& s) {
      return s.holding == Holding::kKept && s.memory == t->storage;
    });
    if (found == code.storages.end() || found->bytes != t->spec.bytes() || t->storage->use_count() != 2)
      continue;
    found->memory = Ref<Storage>();
    recorded_.gradients[i].storage_kept = static_cast<int>(found - code.storages.begin());
    in_arena_.push_back(i);
  }
}

void Program::move_to_arena() {
  for (const size_t i : in_arena_) {
    const GradientBinding& b = recorded_.gradients[i];
    const int64_t offset = plan_.storages[static_cast<size_t>(b.storage_kept)];
    if (b.kept->spec.bytes() > 0)
      std::memcpy(static_cast<char*>(arena_->data()) + offset, b.kept->data(), b.kept->spec.bytes());
    b.kept->storage = arena_;
    b.kept->offset = offset / static_cast<int64_t>(size_of(b.kept->spec.dtype));
  }
  if (!in_arena_.empty()) {
    written_state_.push_back(arena_.get());
    std::sort(written_state_.begin(), written_state_.end());
    if (plan_.bytes >= kLargeArena) pool_trim();  // the memory that the gradients had
  }
}

// Left where they are while a call of another program uses them, and where there is no memory for copies.
void Program::move_from_arena() {
  if (!arena_ || arena_->readers || arena_->writers) return;
  for (const size_t i : in_arena_) {
    const Tensor& t = recorded_.gradients[i].kept;
    if (!t || t->use_count() == 1 || !(t->storage == arena_)) continue;
    try {
      Ref<Storage> copy = Storage::allocate(name().c_str(), t->spec.bytes());
      if (t->spec.bytes() > 0) std::memcpy(copy->data(), t->data(), t->spec.bytes());
      t->storage = std::move(copy);
      t->offset = 0;
    } catch (const Error&) {
      return;
    }
  }
}

// Workspaces may depend on the number of threads and on how products are split. Where one has grown, they all
// move to memory of their own: what is kept in the arena stays where it is.
void Program::refit() {
  if (threads_ == num_threads() && matmul_ == matmul_in_force()) return;
  const std::lock_guard lock(building_);
  const int threads = num_threads(), matmul = matmul_in_force();
  bool larger = false;
  size_t most = 0;
  for (const CodeNode& node : recorded_.code.nodes) {
    const size_t bytes = workspace_bytes(node);
    larger = larger || bytes > node.workspace;
    most = std::max({most, bytes, node.workspace});
  }
  hoisted_->forget();
  if (larger) {
    // First: where there is no memory, the next call is to come here again.
    Ref<Storage> scratch = Storage::allocate(name().c_str(), most);
    for (CodeNode& node : recorded_.code.nodes)
      node.workspace = std::max(workspace_bytes(node), node.workspace);
    replay_ = std::make_unique<Replay>(recorded_.code, plan_, arena_, std::move(scratch));
  }
  threads_ = threads;
  matmul_ = matmul;
}

// ---- Each call

Tensor Program::gradient_at_entry(const GradientBinding& b, std::span<const Tensor> arguments) const {
  return gradient_of(b.argument >= 0 ? arguments[static_cast<size_t>(b.argument)] : b.leaf);
}

// The tensor stands where the program may reach for it.
bool Program::fits(const Tensor& t, const TensorSpec& spec, int64_t offset, int storage) const {
  if (!t->storage || !same_spec(t->spec, spec)) return false;
  const Window& w = windows_[static_cast<size_t>(storage)];
  if (w.high == 0) return true;
  const int64_t moved = moved_by(t, offset);
  return w.low + moved >= 0 && w.high + moved <= static_cast<int64_t>(t->storage->bytes());
}

// Whether the program uses the memory as state too, where one of both is written.
bool Program::is_state_in_use(const Storage* memory, bool written) const {
  return std::binary_search(written_state_.begin(), written_state_.end(), memory) ||
         (written && std::binary_search(read_state_.begin(), read_state_.end(), memory));
}

// What is otherwise than it was recorded; null if nothing is.
const char* Program::unready(std::span<const Tensor> arguments) const {
  if (arguments.size() != recorded_.arguments.size()) return "the number of arguments";
  sharing_.clear();
  for (size_t i = 0; i < arguments.size(); ++i) {
    const RecordedArgument& wanted = recorded_.arguments[i];
    if (!fits(arguments[i], wanted.spec, wanted.offset, wanted.storage)) return "the layout of an argument";
    const AutogradMeta* meta = meta_of(arguments[i]);
    if (wanted.requires_grad != (meta && meta->requires_grad)) return "requiresGrad of an argument";
    sharing_.add(wanted.storage, arguments[i]->storage.get(), moved_by(arguments[i], wanted.offset));
    if (is_state_in_use(arguments[i]->storage.get(), written_[static_cast<size_t>(wanted.storage)]))
      return "that an argument is no state that is written";
  }
  for (const GradientBinding& b : recorded_.gradients) {
    if (!b.guarded && b.storage < 0) continue;
    const Tensor now = gradient_at_entry(b, arguments);
    const bool used = b.storage >= 0 && windows_[static_cast<size_t>(b.storage)].high > 0;
    if ((b.guarded || used) && b.present != static_cast<bool>(now)) return "which gradients are set";
    if (!now) continue;
    if (b.storage >= 0 ? !fits(now, b.spec, b.offset, b.storage) : b.guarded && !(now == b.entry))
      return "the layout of a gradient";
    if (!used) continue;
    sharing_.add(b.storage, now->storage.get(), moved_by(now, b.offset));
    if (is_state_in_use(now->storage.get(), written_[static_cast<size_t>(b.storage)]))
      return "that a gradient is no state that is written";
  }
  if (!sharing_.is_as_recorded()) return "how arguments and gradients share memory";
  for (const WatchedLeaf& w : recorded_.watched) {
    const AutogradMeta* meta = meta_of(w.leaf);
    if (w.requires_grad != (meta && meta->requires_grad)) return "requiresGrad of a tensor";
    if (w.leaf->use_count() == 1) return "a tensor that was freed";
  }
  return nullptr;
}

bool Program::ready(std::span<const Tensor> arguments) const { return unready(arguments) == nullptr; }

void Program::check_ready(std::span<const Tensor> arguments) const {
  if (const char* what = unready(arguments))
    fail(ErrorKind::kRecording, name().c_str(), "cannot be replayed: it was recorded otherwise, in ", what);
}

void Program::check_idle(std::span<const Tensor> arguments) const {
  bool busy = in_flight > 0;  // its arena is in use
  for (const Storage* s : read_state_) busy = busy || s->writers;
  for (const Storage* s : written_state_) busy = busy || s->writers || s->readers;
  for (size_t i = 0; i < dynamic_.size(); ++i) {
    const CodeStorage& s = recorded_.code.storages[static_cast<size_t>(dynamic_[i])];
    if (s.holding == Holding::kResult) continue;
    const size_t slot = static_cast<size_t>(s.slot);
    const Tensor t = s.holding == Holding::kArgument
                         ? arguments[slot]
                         : gradient_at_entry(recorded_.gradients[slot], arguments);
    if (t) busy = busy || t->storage->writers || (writes_base_[i] && t->storage->readers);
  }
  if (busy) fail_busy(env_, name().c_str());
}

void Program::prepare(Invocation& call, std::span<const Tensor> arguments) {
  const Code& code = recorded_.code;
  hoisted_->take_down(call.versions);
  call.bases.resize(dynamic_.size());
  call.pins.resize(dynamic_.size());
  for (size_t i = 0; i < dynamic_.size(); ++i) {
    const CodeStorage& s = code.storages[static_cast<size_t>(dynamic_[i])];
    if (s.holding == Holding::kResult) {
      call.pins[i] = Storage::allocate(name().c_str(), s.bytes);
      call.bases[i] = static_cast<char*>(call.pins[i]->data());
      ++env_.counters.allocations;
      env_.counters.allocated_bytes += s.bytes;
      continue;
    }
    const size_t slot = static_cast<size_t>(s.slot);
    const bool argument = s.holding == Holding::kArgument;
    const Tensor t = argument ? arguments[slot] : gradient_at_entry(recorded_.gradients[slot], arguments);
    const int64_t offset = argument ? recorded_.arguments[slot].offset : recorded_.gradients[slot].offset;
    call.pins[i] = t ? t->storage : Ref<Storage>();
    call.bases[i] = t ? static_cast<char*>(t->storage->data()) + moved_by(t, offset) : nullptr;
    if (!t || !writes_base_[i]) continue;
    if (!env_.reads.empty()) finish_reads(env_, t->storage.get());
    t->storage->bump_version();
  }
  for (Storage* s : written_state_) {
    if (!env_.reads.empty()) finish_reads(env_, s);
    s->bump_version();
  }
  call.results.clear();
  for (size_t k = 0; k < code.results.size(); ++k) {
    const CodeResult& r = code.results[k];
    const CodeStorage& s = code.storages[static_cast<size_t>(r.storage)];
    const int64_t size = static_cast<int64_t>(size_of(r.spec.dtype));
    Tensor t = Tensor::first(TensorImpl::make());
    t->spec = r.spec;
    t->offset = r.offset;
    if (s.memory) {
      t->storage = s.memory;
    } else {
      const size_t at = result_base_[k];
      t->storage = call.pins[at];
      t->offset += (call.bases[at] - static_cast<char*>(t->storage->data())) / size;
    }
    call.results.push_back(std::move(t));
  }
  bind_gradients(arguments, call);
}

void Program::bind_gradients(std::span<const Tensor> arguments, Invocation& call) {
  using After = GradientBinding::After;
  for (const GradientBinding& b : recorded_.gradients) {
    if (b.after == After::kUntouched) continue;
    AutogradMeta& meta = ensure_meta(b.argument >= 0 ? arguments[static_cast<size_t>(b.argument)] : b.leaf);
    const Tensor& now = b.result >= 0 ? call.results[static_cast<size_t>(b.result)] : b.kept;
    if (!(meta.grad == now)) meta.grad = now;
    meta.grad_dropped = b.after == After::kDropped;
    if (b.result >= 0) call.gradients.emplace_back(arguments[static_cast<size_t>(b.argument)], now);
  }
}

void Program::drop_gradients(const Invocation& call, bool shared) {
  const auto drop = [](const Tensor& leaf, const Tensor& made) {
    AutogradMeta& meta = ensure_meta(leaf);
    if (meta.grad == made) meta.grad = Tensor();
  };
  for (const GradientBinding& b : recorded_.gradients)
    if (shared && b.kept) drop(b.leaf, b.kept);
  for (const auto& [leaf, made] : call.gradients) drop(leaf, made);
}

bool Program::execute(Invocation& call) {
  refit();
  if (!hoisted_->are_made(call.versions)) {
    const std::lock_guard lock(building_);
    const auto run = [&](size_t node) {
      if (call.stop.load(std::memory_order_relaxed) != Stop::kNo) return false;
      replay_->run_one(node);
      return true;
    };
    if (!hoisted_->update(call.versions, run)) return false;
  }
  ++calls_;
  if (times_.empty()) return replay_->run(call.bases, call.stop);
  return replay_->run(call.bases, call.stop, times_);
}

}  // namespace lanegrad
