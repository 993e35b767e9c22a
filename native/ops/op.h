// The op record: everything the library knows about one operation. One record per op; all else is derived
// from it.
//
// A call goes: promote the inputs (`promotion`), `infer` the outputs or fail, provide memory, `eval`, and put
// a node on the tape when an input needs a gradient; backward calls `vjp`, which is written in ops. Shape
// rules see no data, kernels see no tensors, and no function here allocates tensors, so that a recorded
// program can run the same record from planned memory.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/error.h"
#include "core/tensor.h"
#include "ops/attrs.h"

namespace lanegrad {

struct Op;

inline constexpr int kMaxInputs = 12;  // schema entries; a list counts as one
inline constexpr int kMaxOutputs = 6;
inline constexpr int kMaxAttrs = 8;

// Where the operands of a schema input begin in a flat row of them: a list may have millions.
using Start = uint32_t;

enum class InputKind : uint8_t { kOne, kOptional, kList };

struct InputDef {
  const char* name = nullptr;
  InputKind kind = InputKind::kOne;
  bool mutates = false;  // eval writes it in place
  // >= 0: the caller does not pass this list; it is filled with the gradients of input `grads_of` (undefined
  // entries where a parameter has none). How optimizers find gradients without a crossing per parameter.
  int grads_of = -1;
  bool differentiable = true;  // false: indices, counters, targets: never on the tape
};

struct OutputDef {
  const char* name = nullptr;
  bool differentiable = true;
};

struct AttrDef {
  const char* name = nullptr;
  AttrType type = AttrType::kInt;
  const char* choices = nullptr;  // of an enum: "none|mean|sum"
};

// What happens to dtypes before infer sees them. Casts become `to` ops, so that they are differentiated and
// fused too.
enum class Promotion : uint8_t {
  kNone,
  kCommon,          // all differentiable inputs to the dtype they promote to
  kCommonFloating,  // the same, and integers on to float32
};

// Which dtype autocast gives the floating inputs before promotion (graph/autocast.h). float64 stays as it is.
enum class Autocast : uint8_t {
  kNone,
  kLower,  // that of the scope, bfloat16 by default
  kFloat32,
  kPromote,  // float32 if one of them is, else that of the scope
};

enum OpFlags : uint32_t {
  kElementwise = 1 << 0,  // out[i] depends on the inputs at i only: it may run in place, and be fused
  kReduction = 1 << 1,
  kView = 1 << 2,         // the output aliases input 0 (may say so per call through infer)
  kRandom = 1 << 3,       // reads a counter: never merged with an equal call
  kDynamic = 1 << 4,      // output shape depends on values; cannot be recorded
  kPrimitive = 1 << 5,    // the TypeScript backend implements it too; all other ops have a composite of that
                          // name in TypeScript, or are reached only from a vjp
  kInternal = 1 << 6,     // reached only from a vjp or from the tape
  kLeavesInput = 1 << 8,  // a view that may reach memory outside of its input
  kUpdates = 1 << 9,  // eval copies input 0 and changes parts of the copy: in place, it changes those only
  kTakesNarrow = 1 << 7,  // eval takes int8, int16 and the 16-bit floats itself; without it they are computed
                          // in int32 and float32 (ops/widen.h)
  kTakesHalves = 1 << 10,  // eval takes the 16-bit floats itself, but neither int8 nor int16
  kWideNumbers = 1 << 11,  // beside 16-bit floats a number stays the float32 that it is computed with
};

// One entry per schema input; an optional one that is absent has no tensor, a list has any number.
template <class T>
class Operands {
 public:
  // flat: all operands in a row; starts[i]..starts[i+1] belong to schema input i.
  Operands(std::span<const T> flat, std::span<const Start> starts) : flat_(flat), starts_(starts) {}
  bool has(int i) const { return starts_[i] != starts_[i + 1]; }
  const T& one(int i) const { return flat_[starts_[i]]; }
  std::span<const T> list(int i) const { return flat_.subspan(starts_[i], starts_[i + 1] - starts_[i]); }
  std::span<const T> flat() const { return flat_; }
  std::span<const Start> starts() const { return starts_; }

 private:
  std::span<const T> flat_;
  std::span<const Start> starts_;
};

struct OutputSpec : TensorSpec {
  int alias = -1;      // flat index of the input whose storage it shares
  int64_t offset = 0;  // of an alias: in elements, relative to that input's
  OutputSpec() = default;
  OutputSpec(const TensorSpec& spec) : TensorSpec(spec) {}
};

class InferContext {
 public:
  InferContext(const Op& op, const Operands<const TensorSpec*>& inputs, const Attrs& attrs)
      : op_(op), inputs_(inputs), attrs_(attrs) {}

  const Op& op() const { return op_; }
  bool has(int i) const { return inputs_.has(i); }
  const TensorSpec& in(int i) const { return *inputs_.one(i); }
  std::span<const TensorSpec* const> list(int i) const { return inputs_.list(i); }
  const Attrs& attrs() const { return attrs_; }
  const Operands<const TensorSpec*>& inputs() const { return inputs_; }

  // An absent entry of an output list is not possible; every output of the schema is added, in order.
  OutputSpec& add_output(const OutputSpec& spec) { return outputs_[count_++] = spec; }
  // A fresh row-major output.
  OutputSpec& add_output(DType dtype, const Dims& shape);
  std::span<OutputSpec> outputs() { return {outputs_.data(), static_cast<size_t>(count_)}; }
  std::span<const OutputSpec> outputs() const { return {outputs_.data(), static_cast<size_t>(count_)}; }
  const OutputSpec& out(int j) const { return outputs_[j]; }

  // Throws "[op] ...".
  template <class... Parts>
  [[noreturn]] void fail(ErrorKind kind, const Parts&... parts) const;

 private:
  const Op& op_;
  Operands<const TensorSpec*> inputs_;
  const Attrs& attrs_;
  int count_ = 0;
  std::array<OutputSpec, kMaxOutputs> outputs_;
};

// A tensor as kernels see it.
struct TensorView {
  void* data = nullptr;  // of element 0; null for an undefined entry of a gradient list
  const TensorSpec* spec = nullptr;

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  bool defined() const { return data != nullptr; }
};

// What an op of a program made once, for operands of given specs.
struct NodePlan {
  virtual ~NodePlan() = default;
};

class EvalContext {
 public:
  EvalContext(const Op& op, const Operands<TensorView>& inputs, std::span<const TensorView> outputs,
              void* workspace, const Attrs& attrs, const NodePlan* plan = nullptr)
      : op_(op), inputs_(inputs), outputs_(outputs), workspace_(workspace), attrs_(attrs), plan_(plan) {}

  const Op& op() const { return op_; }
  bool has(int i) const { return inputs_.has(i); }
  const TensorView& in(int i) const { return inputs_.one(i); }
  std::span<const TensorView> list(int i) const { return inputs_.list(i); }
  const TensorView& out(int j) const { return outputs_[j]; }
  const Operands<TensorView>& inputs() const { return inputs_; }
  std::span<const TensorView> outputs() const { return outputs_; }
  void* workspace() const { return workspace_; }  // 64-byte aligned; as many bytes as the record asked for
  const Attrs& attrs() const { return attrs_; }
  const NodePlan* plan() const { return plan_; }

  // For what only the values show (an index out of range). The outputs are then dropped.
  template <class... Parts>
  [[noreturn]] void fail(ErrorKind kind, const Parts&... parts) const;

 private:
  const Op& op_;
  Operands<TensorView> inputs_;
  std::span<const TensorView> outputs_;
  void* workspace_;
  const Attrs& attrs_;
  const NodePlan* plan_;
};

// How gradients are written: as calls of other ops, so that backward is recorded, fused and differentiated
// like forward.
class Applier {
 public:
  // Inputs in schema order, flat; an undefined Tensor stands for an absent optional. Lists: see apply_list.
  // Returns the first output.
  virtual Tensor apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs) = 0;
  // As above, all outputs.
  virtual void apply(const Op& op, std::initializer_list<Tensor> inputs, const Attrs& attrs,
                     std::span<Tensor> outputs) = 0;
  // For an op whose only input is a list.
  virtual Tensor apply_list(const Op& op, std::span<const Tensor> list, const Attrs& attrs) = 0;
  // A number as an operand (wrapped: it does not widen the dtype of a tensor of its own kind).
  virtual Tensor scalar(double value) = 0;

 protected:
  ~Applier() = default;
};

class VjpContext : public Applier {
 public:
  virtual const Attrs& attrs() const = 0;
  // Flat input indices: a list counts by its entries, an absent optional input not at all. Only what `saves`
  // declares is there.
  virtual Tensor input(int i) = 0;
  virtual Tensor output(int j) = 0;
  virtual int input_count() const = 0;
  // dtype and sizes of an input or output, kept whether it was saved or not. Strides are not kept.
  virtual Dims input_shape(int i) const = 0;
  virtual DType input_dtype(int i) const = 0;
  // Whether the gradient of flat input i is wanted.
  virtual bool needs(int i) const = 0;
  // Whether schema input i was given.
  virtual bool has_input(int i) const = 0;
  // The gradient of output j; undefined if nothing depends on it.
  virtual Tensor grad(int j) = 0;
  virtual void set_grad(int i, Tensor grad) = 0;
  // The gradients will be differentiated: compose them of ops that have gradients themselves. When false, a
  // fused backward op may be used.
  virtual bool create_graph() const = 0;

 protected:
  ~VjpContext() = default;
};

// Along which dim the operands of an op are made of independent items (the samples of a pool, the rows of a
// softmax), so that ops/widen.h can evaluate some of them at a time, in memory that fits the caches.
struct Slices {
  static constexpr int kWhole = -1;      // an input that every item needs
  static constexpr int kSummed = -2;     // an output, dense and not narrow, that is the sum over the items
  int64_t items = 0;                     // fewer than two: nothing to cut
  std::array<int, kMaxInputs> inputs{};  // by schema input: the dim
  std::array<int, kMaxOutputs> outputs{};

  // Items are the elements of the first dim of `shape` with more than one, if it is among the leading ones;
  // it is the same dim of all operands but those that the caller changes afterwards.
  static Slices of_leading(const Dims& shape, int leading) {
    for (int d = 0; d < leading; ++d) {
      if (shape[d] > 1) return along(d, shape[d]);
    }
    return {};
  }
  static Slices along(int dim, int64_t items) {
    Slices s;
    s.items = items;
    s.inputs.fill(dim);
    s.outputs.fill(dim);
    return s;
  }
};

using InferFn = void (*)(InferContext&);
using SlicesFn = Slices (*)(const InferContext&);     // after infer: out(j) is known
using WorkspaceFn = size_t (*)(const InferContext&);  // after infer: out(j) is known
using EvalFn = void (*)(const EvalContext&);
using VjpFn = void (*)(VjpContext&);

// Bit i: schema input (output) i. A list is saved as a whole.
struct Saves {
  uint32_t inputs = 0;
  uint32_t outputs = 0;
};

struct Op {
  const char* name;
  std::array<InputDef, kMaxInputs> inputs{};
  std::array<OutputDef, kMaxOutputs> outputs{};
  std::array<AttrDef, kMaxAttrs> attrs{};
  uint32_t flags = 0;
  Promotion promotion = Promotion::kNone;
  Autocast autocast = Autocast::kNone;
  InferFn infer = nullptr;
  WorkspaceFn workspace = nullptr;  // null: none
  EvalFn eval = nullptr;            // null: always a view
  SlicesFn slices = nullptr;        // null: one item
  Saves saves{};
  VjpFn vjp = nullptr;  // null: not differentiable, unless fused: then the composite is differentiated
  // One op row of a table shared by several ops (an elementwise opcode, say); free for the family that sets
  // it.
  int code = 0;

  bool is(OpFlags flag) const { return (flags & flag) != 0; }
  int input_count() const { return count(inputs); }
  int output_count() const { return count(outputs); }
  int attr_count() const { return count(attrs); }

 private:
  template <class T, size_t N>
  static int count(const std::array<T, N>& defs) {
    int n = 0;
    while (n < static_cast<int>(N) && defs[n].name) ++n;
    return n;
  }
};

inline OutputSpec& InferContext::add_output(DType dtype, const Dims& shape) {
  checked_numel(op_.name, shape);  // before strides are made of sizes that a rule multiplied up
  return add_output(TensorSpec::contiguous(dtype, shape));
}

template <class... Parts>
void InferContext::fail(ErrorKind kind, const Parts&... parts) const {
  lanegrad::fail(kind, op_.name, parts...);
}
template <class... Parts>
void EvalContext::fail(ErrorKind kind, const Parts&... parts) const {
  lanegrad::fail(kind, op_.name, parts...);
}

}  // namespace lanegrad
