// run(handle, ...): one op. Everything else passes through the shared buffer.
//
//   ints:   op, in place (0/1), then per schema input that the caller passes:
//             one       tag [slot generation]      tag: 0 tensor, 1 integer, 2 float, 3 boolean (value in
//             floats), 4 absent list      count, then its entries as above
//   floats: number operands in order, then per attribute: the value, or the length and values of a list
//   back:   ints: slot and generation per output
//
// The arguments are the JavaScript objects that will stand for the outputs.
#include <cmath>

#include "binding/addon_data.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

enum Tag { kTensor, kInteger, kFloat, kBoolean, kAbsent };

// The operands of one call. They are borrowed from their handles, which saves two locked instructions each;
// before anything that may free handles they are held.
class OperandList {
 public:
  OperandList() = default;
  OperandList(const OperandList&) = delete;
  OperandList& operator=(const OperandList&) = delete;
  ~OperandList() {
    if (!held_)
      for (Tensor& tensor : flat_) tensor.give_up();
  }
  void add(const Tensor& tensor) { flat_.push_back(Tensor::borrow(tensor.get())); }
  void add_number(Tensor number) {
    flat_.push_back(Tensor::borrow(number.get()));
    numbers_.push_back(std::move(number));
  }
  void hold() {
    if (held_) return;
    for (Tensor& tensor : flat_) tensor = Tensor(tensor.give_up());
    held_ = true;
  }
  size_t size() const { return flat_.size(); }
  std::span<const Tensor> all() const { return flat_; }

 private:
  InlineVector<Tensor, 8> flat_;
  InlineVector<Tensor, 4> numbers_;
  bool held_ = false;
};

class Decoder {
 public:
  Decoder(AddonData& data) : data_(data) {}

  int32_t next_int() { return data_.shared.int_at(int_at_++); }
  double next_float() { return data_.shared.float_at(float_at_++); }

  // An integer that came as a double. NaN, fractions and what a double cannot hold exactly are refused.
  int64_t next_integer(const Op& op, const char* name) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    const double value = next_float();
    if (!(std::abs(value) <= kExact) || value != std::floor(value)) {
      fail(ErrorKind::kValue, op.name, "attribute ", name, " wants an integer of at most 2^53, got ", value);
    }
    return static_cast<int64_t>(value);
  }

  void operand(const Op& op, const InputDef& def, OperandList& operands) {
    switch (next_int()) {
      case kTensor: {
        HandleId id;
        id.slot = next_int();
        id.generation = next_int();
        operands.add(data_.handles.get(id, op.name));
        break;
      }
      case kInteger: {
        const double value = next_float();
        operands.add_number(number_tensor(value, DType::kInt64));
        break;
      }
      case kFloat:
        operands.add_number(number_tensor(next_float(), DType::kFloat64));
        break;
      case kBoolean:
        operands.add_number(number_tensor(int64_t{next_float() != 0}, DType::kBool));
        break;
      case kAbsent:
        if (def.kind == InputKind::kOptional) break;
        [[fallthrough]];
      default:
        fail(ErrorKind::kInternal, op.name, "input ", def.name, " is no operand");
    }
  }

  Attrs attrs(const Op& op) {
    Attrs out;
    for (int k = 0; k < op.attr_count(); ++k) {
      const AttrDef& def = op.attrs[static_cast<size_t>(k)];
      switch (def.type) {
        case AttrType::kFloat:
          out.add_float(next_float());
          break;
        case AttrType::kInts: {
          const int64_t count = next_integer(op, def.name);
          InlineVector<int64_t, 16> values;
          for (int64_t i = 0; i < count; ++i) values.push_back(next_integer(op, def.name));
          out.add_ints(values);
          break;
        }
        case AttrType::kDType: {
          const int64_t index = next_integer(op, def.name);
          if (index < 0 || index >= kDTypeCount)
            fail(ErrorKind::kDType, op.name, "attribute ", def.name, " is no dtype: ", index);
          out.add_dtype(static_cast<DType>(index));
          break;
        }
        default:
          out.add_int(next_integer(op, def.name));
      }
    }
    return out;
  }

 private:
  AddonData& data_;
  size_t int_at_ = 0;
  size_t float_at_ = 0;
};

// A failed allocation may succeed once dead tensors are swept.
template <class F>
void with_memory(AddonData& data, OperandList& operands, F&& run) {
  try {
    run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kOutOfMemory) throw;
    operands.hold();
    data.handles.collect_all();
    data.borrowing = false;
    run();
  }
}

napi_value run(AddonData& data, napi_callback_info info) {
  const Arguments<kMaxOutputs> arguments(data.env, info);
  Decoder decode(data);
  const auto ops = registry().all();
  const int32_t index = decode.next_int();
  if (index < 0 || static_cast<size_t>(index) >= ops.size())
    fail(ErrorKind::kInternal, "run", "no op has the id ", index);
  const Op& op = *ops[static_cast<size_t>(index)];
  const bool in_place = decode.next_int() != 0;
  // Their operands are the tape's: they check less. Those without gradients are for programs, and check all.
  if (op.is(kInternal) && op.outputs[0].differentiable)
    fail(ErrorKind::kInternal, op.name, "is run by gradients only");
  OperandList operands;
  InlineVector<Start, kMaxStarts> starts;
  for (int i = 0; i < op.input_count(); ++i) {
    starts.push_back(static_cast<Start>(operands.size()));
    const InputDef& def = op.inputs[static_cast<size_t>(i)];
    if (def.grads_of >= 0) continue;
    int32_t count = def.kind == InputKind::kList ? decode.next_int() : 1;
    for (; count > 0; --count) decode.operand(op, def, operands);
  }
  starts.push_back(static_cast<Start>(operands.size()));
  const Attrs attrs = decode.attrs(op);
  // All is decoded: from here on JavaScript may run.
  if (data.handles.is_due()) {
    operands.hold();
    data.handles.poll();
  }

  const FlagGuard borrowing(data.borrowing, true);
  const Call call{op, operands.all(), starts, attrs};
  if (in_place) {
    with_memory(data, operands, [&] { apply_in_place(data.graph, call); });
    return nullptr;
  }
  std::array<Tensor, kMaxOutputs> outputs;
  const size_t count = static_cast<size_t>(op.output_count());
  if (arguments.count < count)
    fail(ErrorKind::kInternal, op.name, "makes ", count, " tensors, got ", arguments.count, " handles");
  with_memory(data, operands, [&] { apply(data.graph, call, {outputs.data(), count}); });
  for (size_t j = 0; j < count; ++j)
    data.write_id(2 * j, data.handles.add(std::move(outputs[j]), arguments[j]));
  data.graph.counters.handles_made += count;
  return nullptr;
}

}  // namespace

void export_run(napi_env env, napi_value exports) { export_function(env, exports, "run", entry<run>); }

}  // namespace lanegrad
