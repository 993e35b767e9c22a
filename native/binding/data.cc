// Data into tensors, and what a tensor is.
#include <cmath>
#include <cstring>

#include "binding/addon_data.h"
#include "graph/recording.h"
#include "ops/layout/copy.h"

namespace lanegrad {
namespace {

// Sizes arrive as doubles in floats[0..rank).
Dims shape_argument(const AddonData& data, const char* op, int rank) {
  if (rank < 0 || rank > kMaxRank)
    fail(ErrorKind::kShape, op, "a tensor has at most ", kMaxRank, " dims, got ", rank);
  Dims shape;
  for (int i = 0; i < rank; ++i) {
    const double size = data.shared.float_at(static_cast<size_t>(i));
    if (!(size >= 0 && size <= 9007199254740992.0) || size != std::floor(size)) {
      fail(ErrorKind::kShape, op, "sizes are integers from 0 to 2^53, got ", size, " in dim ", i);
    }
    shape.push_back(static_cast<int64_t>(size));
  }
  return shape;
}

// create(handle, dtype, typedArray, rank): floats hold the shape, ints get the id.
napi_value create(AddonData& data, napi_callback_info info) {
  const Arguments<4> arguments(data.env, info);
  const int dtype_index = int_argument(data.env, arguments[1]);
  if (dtype_index < 0 || dtype_index >= kDTypeCount)
    fail(ErrorKind::kDType, "tensor", "no dtype has the index ", dtype_index);
  const TensorSpec spec = TensorSpec::contiguous(
      static_cast<DType>(dtype_index), shape_argument(data, "tensor", int_argument(data.env, arguments[3])));
  const int64_t wanted = checked_numel("tensor", spec.shape);
  data.handles.poll();

  Tensor tensor;
  try {
    tensor = allocate_tensor("tensor", spec);
  } catch (const Error&) {
    data.handles.collect_all();
    tensor = allocate_tensor("tensor", spec);
  }
  // Asked for only now: a collection may have moved or detached what the array stands on.
  napi_typedarray_type type;
  size_t length = 0;
  void* source = nullptr;
  if (napi_get_typedarray_info(data.env, arguments[2], &type, &length, &source, nullptr, nullptr) !=
      napi_ok) {
    fail(ErrorKind::kDType, "tensor", "wanted a typed array as data");
  }
  constexpr size_t kBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // by napi_typedarray_type
  const DType held = held_dtype(spec.dtype);
  if (static_cast<size_t>(type) >= std::size(kBytes) || kBytes[type] != size_of(held) ||
      length != static_cast<size_t>(wanted)) {
    fail(ErrorKind::kShape, "tensor", "shape ", spec.shape, " wants ", wanted, " elements of ", name_of(held),
         ", got an array of ", length);
  }
  if (spec.dtype == DType::kBool) {
    const uint8_t* from = static_cast<const uint8_t*>(source);
    bool* to = static_cast<bool*>(tensor->data());
    for (int64_t i = 0; i < wanted; ++i) to[i] = from[i] != 0;
  } else if (held != spec.dtype) {
    const TensorSpec wide = TensorSpec::contiguous(held, spec.shape);
    copy_view({tensor->data(), &tensor->spec}, {source, &wide});
  } else if (wanted > 0) {
    std::memcpy(tensor->data(), source, spec.bytes());
  }
  if (data.graph.recording) data.graph.recording->created(tensor);
  ++data.graph.counters.allocations;
  data.graph.counters.allocated_bytes += spec.bytes();
  ++data.graph.counters.handles_made;
  data.write_id(0, data.handles.add(tensor, arguments[0]));
  return nullptr;
}

// info(): dtype and rank to ints; sizes, strides, the offset and the elements of the storage to floats.
napi_value info(AddonData& data, napi_callback_info) {
  const Tensor& tensor = data.handles.get(data.read_id(0), "info");
  const TensorSpec& spec = tensor->spec;
  data.shared.int_at(0) = static_cast<int32_t>(spec.dtype);
  data.shared.int_at(1) = spec.rank();
  for (int i = 0; i < spec.rank(); ++i) {
    data.shared.float_at(static_cast<size_t>(i)) = static_cast<double>(spec.shape[i]);
    data.shared.float_at(static_cast<size_t>(spec.rank() + i)) = static_cast<double>(spec.strides[i]);
  }
  const size_t bytes = tensor->storage ? tensor->storage->bytes() : sizeof(tensor->scalar);
  data.shared.floats[2 * spec.rank()] = static_cast<double>(tensor->offset);
  data.shared.floats[2 * spec.rank() + 1] = static_cast<double>(bytes / size_of(spec.dtype));
  return nullptr;
}

napi_value release(AddonData& data, napi_callback_info) {
  const HandleId id = data.read_id(0);
  if (data.graph.recording && data.handles.has(id) &&
      data.graph.recording->is_last_of_state(data.handles.get(id, "dispose"))) {
    fail(ErrorKind::kRecording, "dispose",
         "a tensor from outside cannot be disposed of while compile records a function; dispose of it "
         "outside");
  }
  data.handles.release(id);
  return nullptr;
}

// bind(object, slot, generation): the JavaScript side of a tensor that native code handed out by id.
napi_value bind(AddonData& data, napi_callback_info info) {
  const Arguments<3> arguments(data.env, info);
  data.handles.bind({int_argument(data.env, arguments[1]), int_argument(data.env, arguments[2])},
                    arguments[0]);
  ++data.graph.counters.handles_made;
  return nullptr;
}

napi_value begin_scope(AddonData& data, napi_callback_info) {
  data.handles.begin_scope();
  return nullptr;
}

// endScope(count): ids to keep in ints.
napi_value end_scope(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  std::vector<HandleId> keep(count_argument(data, arguments[0]));
  for (size_t i = 0; i < keep.size(); ++i) keep[i] = data.read_id(2 * i);
  data.handles.end_scope(keep);
  return nullptr;
}

}  // namespace

void export_data(napi_env env, napi_value exports) {
  export_function(env, exports, "create", entry<create>);
  export_function(env, exports, "info", entry<info>);
  export_function(env, exports, "release", entry<release>);
  export_function(env, exports, "bind", entry<bind>);
  export_function(env, exports, "beginScope", entry<begin_scope>);
  export_function(env, exports, "endScope", entry<end_scope>);
}

}  // namespace lanegrad
