// Elements out of tensors: at once, or on another thread.
#include <algorithm>
#include <memory>

#include "binding/addon_data.h"
#include "core/serial_scope.h"
#include "graph/record.h"
#include "graph/pending_read.h"
#include "ops/layout/copy.h"

namespace lanegrad {
namespace {

struct Target {
  void* memory = nullptr;
  TensorSpec spec;
};

// A buffer of the size of the tensor's elements as JavaScript holds them. JavaScript makes it: it throws
// where there is no memory, while the engine ends the process for a native caller.
Target target_of(napi_env env, napi_value buffer, const Tensor& tensor) {
  Target target;
  target.spec = TensorSpec::contiguous(held_dtype(tensor->spec.dtype), tensor->spec.shape);
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, buffer, &target.memory, &bytes) != napi_ok ||
      bytes != target.spec.bytes()) {
    fail(ErrorKind::kInternal, "data", "wanted an ArrayBuffer of ", target.spec.bytes(), " bytes");
  }
  return target;
}

// Values are not there while a program is recorded: it would hold what they were this time.
void refuse_recording(const AddonData& data) {
  if (!data.graph.recording) return;
  fail(ErrorKind::kRecording, "read",
       "the value of a tensor cannot be read (item, data, tolist, toArray, read) while compile records a "
       "function: return the tensor and read it outside, or compute on with ops");
}

// read(arrayBuffer): the elements of the tensor in ints, row-major.
napi_value read(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  refuse_recording(data);
  const Tensor tensor = data.handles.get(data.read_id(0), "data");
  if (tensor->storage && tensor->storage->writers) fail_busy(data.graph, "data");
  const Target target = target_of(data.env, arguments[0], tensor);
  if (tensor->spec.numel() > 0) copy_view({target.memory, &target.spec}, {tensor->data(), &tensor->spec});
  return nullptr;
}

struct Reading {
  std::shared_ptr<PendingRead> read;
  std::weak_ptr<AddonData*> data;  // gone when the environment is
  napi_deferred promise = nullptr;
  napi_async_work work = nullptr;
  napi_ref buffer = nullptr;
};

// Alone: who reads this way wants the other cores for something else.
void run_reading(napi_env, void* pointer) {
  const SerialScope alone;
  static_cast<Reading*>(pointer)->read->finish();
}

// On the JavaScript thread, also while its environment ends: then calls fail, and nobody waits for the
// promise.
void end_reading(napi_env env, napi_status, void* pointer) {
  const std::unique_ptr<Reading> reading(static_cast<Reading*>(pointer));
  reading->read->finish();  // if the work was cancelled before it began
  if (const auto data = reading->data.lock()) {
    auto& reads = (*data)->graph.reads;
    reads.erase(std::remove(reads.begin(), reads.end(), reading->read), reads.end());
  }
  napi_value value = nullptr;
  if (reading->read->problem().empty()) {
    if (napi_get_reference_value(env, reading->buffer, &value) == napi_ok && value)
      napi_resolve_deferred(env, reading->promise, value);
  } else {
    napi_value message = nullptr;
    napi_create_string_utf8(env, reading->read->problem().c_str(), NAPI_AUTO_LENGTH, &message);
    if (napi_create_error(env, nullptr, message, &value) == napi_ok)
      napi_reject_deferred(env, reading->promise, value);
  }
  napi_delete_reference(env, reading->buffer);
  napi_delete_async_work(env, reading->work);
}

// readLater(arrayBuffer): the same on a thread of the runtime's pool; a promise of the buffer.
napi_value read_later(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const napi_env env = data.env;
  refuse_recording(data);
  const Tensor tensor = data.handles.get(data.read_id(0), "read");
  const Target target = target_of(env, arguments[0], tensor);
  if (tensor->storage && tensor->storage->writers)
    return read_behind_programs(data, tensor, arguments[0], target.memory, target.spec);
  auto reading = std::make_unique<Reading>();
  reading->read = std::make_shared<PendingRead>(tensor, target.memory, target.spec.dtype);
  reading->data = data.self;
  napi_value promise, name;
  check(env, napi_create_string_utf8(env, "lanegrad:read", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_reference(env, arguments[0], 1, &reading->buffer));
  check(env, napi_create_promise(env, &reading->promise, &promise));
  check(env,
        napi_create_async_work(env, nullptr, name, run_reading, end_reading, reading.get(), &reading->work));
  check(env, napi_queue_async_work(env, reading->work));
  data.graph.reads.push_back(reading->read);
  static_cast<void>(reading.release());  // end_reading takes it back
  return promise;
}

}  // namespace

void export_read(napi_env env, napi_value exports) {
  export_function(env, exports, "read", entry<read>);
  export_function(env, exports, "readLater", entry<read_later>);
}

}  // namespace lanegrad
