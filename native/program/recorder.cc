#include "program/recorder.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "core/pool.h"

namespace lanegrad {
namespace {

TensorSpec bytes_spec(size_t bytes) {
  return TensorSpec::contiguous(DType::kUint8, Dims{static_cast<int64_t>(bytes)});
}

CodeOperand whole(int storage, size_t bytes) {
  CodeOperand o;
  o.storage = storage;
  o.spec = bytes_spec(bytes);
  return o;
}

CodeNode copy_node(const CodeOperand& target, const CodeOperand& source, bool in_place) {
  CodeNode node;
  node.op = &copy_op();
  node.inputs = {source};
  node.starts = {0, 1};
  node.outputs = {target};
  node.in_place = in_place;
  return node;
}

}  // namespace

Recorder::Recorder(const Environment& env, std::span<const Tensor> arguments)
    : env_(env), arguments_(arguments.begin(), arguments.end()), first_(made_tensor_count()) {
  for (size_t i = 0; i < arguments_.size(); ++i) {
    argument_of_.try_emplace(arguments_[i].get(), static_cast<int>(i));
    Storage* const storage = arguments_[i]->storage.get();
    if (storage->mark) continue;
    add(storage, Origin::kArgument).slot = static_cast<int>(i);
  }
}

Recorder::~Recorder() { unmark(); }

void Recorder::unmark() {
  for (Entry& e : entries_) {
    if (e.storage) e.storage->mark = nullptr;
    e.storage = nullptr;
  }
}

void Recorder::storage_ended(StorageMark& mark) {
  Entry& e = static_cast<Entry&>(mark);
  e.storage = nullptr;
  e.recorder->live_ -= e.bytes;
}

Recorder::Entry& Recorder::add(Storage* storage, Origin origin) {
  Entry& e = entries_.emplace_back();
  e.ended = storage_ended;
  e.recorder = this;
  e.index = static_cast<int>(entries_.size()) - 1;
  e.storage = storage;
  e.bytes = storage->bytes();
  e.origin = origin;
  if (origin == Origin::kMade) {
    live_ += e.bytes;
  } else {
    e.held = Ref<Storage>(storage);
  }
  storage->mark = &e;
  return e;
}

Recorder::Entry& Recorder::entry_of(const Tensor& t) {
  if (t->storage->mark) return static_cast<Entry&>(*t->storage->mark);
  return add(t->storage.get(), Origin::kOutside);
}

bool Recorder::is_state(const Tensor& t) const {
  if (!t->storage) return false;
  if (!t->storage->mark) return true;
  const Origin origin = static_cast<const Entry&>(*t->storage->mark).origin;
  return origin != Origin::kMade && origin != Origin::kCreated;
}

bool Recorder::is_last_of_state(const Tensor& t) const {
  if (!is_state(t)) return false;
  const StorageMark* const mark = t->storage->mark;
  const bool is_held = mark && static_cast<const Entry&>(*mark).held;
  return t->storage->use_count() == (is_held ? 2 : 1);
}

bool Recorder::is_fresh(const Tensor& t) const {
  if (!t->storage || !t->storage->mark || t->use_count() != 1 || t->storage->use_count() != 1) return false;
  return static_cast<const Entry&>(*t->storage->mark).origin == Origin::kMade;
}

int Recorder::argument_of(const Tensor& t) const {
  const auto found = argument_of_.find(t.get());
  return found == argument_of_.end() ? -1 : found->second;
}

void Recorder::created(const Tensor& tensor) {
  if (!tensor->storage->mark) add(tensor->storage.get(), Origin::kCreated);
}

// As often the pool is trimmed as so many bytes more are live, or were copied.
constexpr size_t kTrimmed = size_t{8} << 20;

void Recorder::keep_former(const Tensor& t) {
  Entry& e = entry_of(t);
  if (e.origin == Origin::kMade || e.versions > 0 || e.former) return;
  // Optimizers write when the temporaries of the passes before them are cached in sizes that no copy has.
  copied_ += e.bytes;
  if (copied_ >= kTrimmed) {
    pool_trim();
    copied_ = 0;
  }
  e.former = Storage::allocate("compile", e.bytes);
  if (e.bytes > 0) std::memcpy(e.former->data(), e.storage->data(), e.bytes);
}

void Recorder::before(const Call& call, std::span<const Tensor> outputs, bool in_place) {
  if (call.op.is(kDynamic)) {
    fail(ErrorKind::kRecording, call.op.name,
         "the shape of its result depends on values, so a compiled function cannot hold it; compute it "
         "outside and pass the result as an argument");
  }
  if (in_place) keep_former(outputs[0]);
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!call.op.inputs[i].mutates) continue;
    for (Start k = call.starts[i]; k < call.starts[i + 1]; ++k)
      if (call.flat[k] && call.flat[k]->storage) keep_former(call.flat[k]);
  }
}

CodeOperand Recorder::operand(const Tensor& t) {
  CodeOperand o;
  if (!t) return o;
  o.spec = t->spec;
  if (!t->storage) {
    o.storage = CodeOperand::kNumber;
    std::memcpy(o.number, t->scalar, sizeof(o.number));
    return o;
  }
  const Entry& e = entry_of(t);
  // Each call brings the memory of its arguments, so that a window on it from outside would show another one.
  if (e.origin == Origin::kArgument && t->number < first_ && argument_of(t) < 0) {
    fail(ErrorKind::kRecording, "compile",
         "a tensor that shares memory with an argument is reached by the function otherwise too, so that a "
         "later call would take its own argument for it; clone one of the two");
  }
  o.storage = e.index;
  o.version = e.versions;
  o.offset = t->offset * static_cast<int64_t>(size_of(t->spec.dtype));
  return o;
}

// A leaf, or what may be made one later: a plain tensor matters where its history would have been recorded.
void Recorder::watch(const Tensor& t) {
  if (!t || !is_state(t)) return;
  const AutogradMeta* meta = meta_of(t);
  if (meta && meta->grad_fn) return;
  const bool is_leaf = meta && (meta->requires_grad || !meta->view);
  if (!is_leaf && (!env_.grad_mode || !is_floating(t->spec.dtype) || t->number >= first_)) return;
  if (argument_of(t) >= 0) return;
  if (seen_leaves_.insert(t.get()).second) watched_.push_back({t, meta && meta->requires_grad});
}

void Recorder::after(const Call& call, const InferContext& inferred, std::span<const Tensor> outputs,
                     bool in_place, size_t workspace_bytes) {
  CodeNode& node = nodes_.emplace_back();
  node.op = &call.op;
  node.attrs = call.attrs;
  node.starts.assign(call.starts.begin(), call.starts.end());
  node.in_place = in_place;
  node.workspace = workspace_bytes;
  for (const Tensor& t : call.flat) {
    watch(t);
    node.inputs.push_back(operand(t));
  }
  for (size_t j = 0; j < outputs.size(); ++j) {
    const bool fresh = !in_place && inferred.out(static_cast<int>(j)).alias < 0;
    if (fresh && !outputs[j]->storage->mark) add(outputs[j]->storage.get(), Origin::kMade);
    if (in_place) ++entry_of(outputs[j]).versions;
    if (!fresh && !in_place) node.views |= 1u << j;
    node.outputs.push_back(operand(outputs[j]));
  }
  for (size_t i = 0; i + 1 < call.starts.size(); ++i) {
    if (!call.op.inputs[i].mutates) continue;
    for (Start k = call.starts[i]; k < call.starts[i + 1]; ++k)
      if (call.flat[k] && call.flat[k]->storage) ++entry_of(call.flat[k]).versions;
  }
  peak_ = std::max(peak_, live_ + workspace_bytes);
  // A call is recorded once: what is cached while more and more is live would count at the peak of the
  // process.
  if (peak_ >= trimmed_ + kTrimmed) {
    pool_trim();
    trimmed_ = peak_;
  }
}

void Recorder::viewed(const Call& call) {
  for (const Tensor& t : call.flat) watch(t);
}

void Recorder::before_copy(const Tensor& target) { keep_former(target); }

void Recorder::after_copy(const Tensor& target, const Tensor& source) {
  const CodeOperand from = operand(source);
  ++entry_of(target).versions;
  nodes_.push_back(copy_node(operand(target), from, true));
}

void Recorder::touch_grad(const Tensor& leaf, bool read) {
  if (!leaf || !gradient_of_.try_emplace(leaf.get(), gradients_.size()).second) return;
  GradientBinding& b = gradients_.emplace_back();
  b.leaf = leaf;
  b.argument = argument_of(leaf);
  b.guarded = read;
  const AutogradMeta* meta = meta_of(leaf);
  if (!meta || !meta->grad) return;
  b.present = true;
  b.entry = meta->grad;
  b.spec = b.entry->spec;
  b.offset = b.entry->offset;
  if (StorageMark* const mark = b.entry->storage->mark) {
    // Of another gradient: each call looks whether they share it again.
    const Entry& other = static_cast<const Entry&>(*mark);
    if (other.origin == Origin::kGradient) b.storage = other.index;
    return;
  }
  Entry& e = add(b.entry->storage.get(), Origin::kGradient);
  e.slot = static_cast<int>(gradients_.size()) - 1;
  b.storage = e.index;
}

void Recorder::abort() {
  for (Entry& e : entries_) {
    if (!e.former) continue;
    if (e.bytes > 0) std::memcpy(e.held->data(), e.former->data(), e.bytes);
    e.held->bump_version();
  }
  for (GradientBinding& b : gradients_) {
    if (b.entry || meta_of(b.leaf)) ensure_meta(b.leaf).grad = b.entry;
  }
  unmark();
}

// ---- The end

void Recorder::settle_gradient(GradientBinding& b, bool keep_grads) {
  using After = GradientBinding::After;
  AutogradMeta* const meta = meta_of(b.leaf);
  const Tensor now = meta ? meta->grad : Tensor();
  // One that was only cleared may be there when another call begins.
  if (now == b.entry && (now || b.guarded)) return;
  b.after = now ? After::kTensor : After::kNone;
  if (!now) return;
  const bool made = now->storage->mark && static_cast<Entry*>(now->storage->mark)->origin == Origin::kMade;
  if (keep_grads || !made) {
    b.kept = now;
    if (made) now->autograd.reset();  // as results, it has no history
    return;
  }
  meta->grad = Tensor();
  meta->grad_dropped = true;
  b.after = After::kDropped;
}

void Recorder::settle_gradients(bool keep_grads) {
  std::vector<GradientBinding> settled;
  for (GradientBinding& b : gradients_) {
    // A leaf that only this recording still knows ends with it.
    const uint32_t own = 1 + (seen_leaves_.contains(b.leaf.get()) ? 1u : 0u);
    if (b.argument < 0 && b.leaf->use_count() <= own) {
      b.leaf = Tensor();
      continue;
    }
    settle_gradient(b, keep_grads);
    settled.push_back(std::move(b));
  }
  // Slots of gradients that are gone: their memory is held as other state is.
  std::unordered_map<int, int> slots;
  for (size_t i = 0; i < settled.size(); ++i)
    if (settled[i].storage >= 0) slots[settled[i].storage] = static_cast<int>(i);
  for (Entry& e : entries_) {
    if (e.origin != Origin::kGradient) continue;
    const auto found = slots.find(e.index);
    if (found == slots.end()) {
      e.origin = Origin::kOutside;
    } else {
      e.slot = found->second;
    }
  }
  gradients_ = std::move(settled);
}

void Recorder::add_storages(Recorded& out) {
  std::vector<CodeNode> first;
  for (Entry& e : entries_) {
    CodeStorage& s = out.code.storages.emplace_back();
    s.bytes = e.bytes;
    s.slot = e.slot;
    s.versions = e.versions;
    switch (e.origin) {
      case Origin::kArgument:
        s.holding = Holding::kArgument;
        break;
      case Origin::kGradient:
        s.holding = Holding::kGradient;
        break;
      case Origin::kOutside:
        s.holding = Holding::kState;
        s.memory = e.held;
        break;
      case Origin::kCreated: {
        const bool alive = e.held->use_count() > 1;
        s.holding = alive            ? e.versions > 0 ? Holding::kKept : Holding::kState
                    : e.versions > 0 ? Holding::kTemporary
                                     : Holding::kConstant;
        if (s.holding != Holding::kTemporary) s.memory = e.held;
        break;
      }
      case Origin::kMade:
        s.holding = e.storage ? Holding::kKept : Holding::kTemporary;
        if (e.storage) s.memory = Ref<Storage>(e.storage);
        break;
    }
  }
  // What JavaScript gave a value and the function then wrote begins each call with that value.
  for (Entry& e : entries_) {
    if (e.origin != Origin::kCreated || e.versions == 0) continue;
    CodeStorage& constant = out.code.storages.emplace_back();
    constant.holding = Holding::kConstant;
    constant.bytes = e.bytes;
    constant.memory = e.former;
    first.push_back(copy_node(whole(e.index, e.bytes),
                              whole(static_cast<int>(out.code.storages.size()) - 1, e.bytes), false));
  }
  out.code.nodes = std::move(first);
  for (CodeNode& node : nodes_) out.code.nodes.push_back(std::move(node));
}

// A result whose memory is used otherwise too is a copy.
int Recorder::add_result_copy(Recorded& out, const Tensor& source) {
  CodeStorage& s = out.code.storages.emplace_back();
  s.holding = Holding::kResult;
  CodeOperand target;
  target.storage = static_cast<int>(out.code.storages.size()) - 1;
  target.spec = TensorSpec::contiguous(source->spec.dtype, source->spec.shape);
  s.bytes = target.spec.bytes();
  out.code.nodes.push_back(copy_node(target, operand(source), false));
  return target.storage;
}

void Recorder::add_results(Recorded& out, std::span<const Tensor> results) {
  struct Uses {
    std::vector<std::pair<const TensorImpl*, uint32_t>> impls;
    bool alone = true;
  };
  std::unordered_map<int, Uses> uses;
  for (const Tensor& r : results) {
    if (!r->storage->mark) continue;
    auto& impls = uses[entry_of(r).index].impls;
    const auto found = std::find_if(impls.begin(), impls.end(), [&](auto& u) { return u.first == r.get(); });
    if (found == impls.end()) {
      impls.emplace_back(r.get(), 1);
    } else {
      ++found->second;
    }
  }
  for (auto& [index, use] : uses) {
    // The code holds the storage by now, if it is kept.
    const Storage* const storage = entries_[static_cast<size_t>(index)].storage;
    use.alone = storage && storage->use_count() == use.impls.size() + 1;
    for (const auto& [impl, times] : use.impls) use.alone = use.alone && impl->use_count() == times + 1;
  }
  for (const Tensor& r : results) {
    CodeResult result{-1, r->offset, r->spec};
    Entry& e = entry_of(r);
    CodeStorage& s = out.code.storages[static_cast<size_t>(e.index)];
    if (e.origin == Origin::kMade && uses[e.index].alone) {
      s.holding = Holding::kResult;
      s.memory = Ref<Storage>();
      result.storage = e.index;
    } else if (e.origin == Origin::kMade || e.origin == Origin::kCreated) {
      result = {add_result_copy(out, r), 0, TensorSpec::contiguous(r->spec.dtype, r->spec.shape)};
    } else {
      result.storage = e.index;
    }
    out.code.results.push_back(result);
  }
}

Recorded Recorder::finish(std::span<const Tensor> results, bool keep_grads) {
  Recorded out;
  // Results carry no history: what led to them would stay alive, and a replay has none to give.
  for (const Tensor& r : results) {
    if (!is_state(r)) r->autograd.reset();
    entry_of(r);
  }
  settle_gradients(keep_grads);
  add_storages(out);
  add_results(out, results);
  out.user_results = out.code.results.size();
  for (GradientBinding& b : gradients_) {
    if (b.argument >= 0 && b.kept) {
      b.result = static_cast<int>(out.code.results.size());
      const int storage = add_result_copy(out, b.kept);
      out.code.results.push_back(
          {storage, 0, TensorSpec::contiguous(b.kept->spec.dtype, b.kept->spec.shape)});
      b.kept = Tensor();
    }
    if (b.argument >= 0) b.leaf = Tensor();
    if (b.storage >= 0 || !b.guarded) b.entry = Tensor();
  }
  for (const Tensor& t : arguments_) {
    const AutogradMeta* meta = meta_of(t);
    out.arguments.push_back(
        {t->spec, t->offset, static_cast<Entry*>(t->storage->mark)->index, meta && meta->requires_grad});
  }
  // Two arguments on one memory have one storage; slots are numbered by results from here on.
  int slot = 0;
  for (CodeStorage& s : out.code.storages)
    if (s.holding == Holding::kResult) s.slot = slot++;
  out.gradients = std::move(gradients_);
  // A view of state that the function made and dropped is made by no replay.
  std::erase_if(watched_, [](const WatchedLeaf& w) { return w.leaf->use_count() == 1; });
  out.watched = std::move(watched_);
  out.eager_peak = peak_;
  for (Entry& e : entries_) e.former = Ref<Storage>();
  unmark();
  return out;
}

}  // namespace lanegrad
