// Module set-up, and the conversions that every export shares.
#include <string>

#include "binding/addon_data.h"

namespace lanegrad {

AddonData::AddonData(napi_env e) : env(e), handles(e) {
  hooks = make_hooks(*this);
  graph.hooks = hooks.get();
}

AddonData::~AddonData() {
  // Their targets end with the environment.
  for (const auto& read : graph.reads) read->finish();
  for (napi_ref ref : {shared.keep, make_error, collector, custom_backward, composite_vjp}) {
    if (ref) napi_delete_reference(env, ref);
  }
}

AddonData& AddonData::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<AddonData*>(data);
}

void SharedBuffer::fail_range() {
  fail(ErrorKind::kInternal, "binding", "the call does not fit the shared buffer");
}

void throw_error(AddonData& data, ErrorKind kind, const char* message) {
  napi_env env = data.env;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  napi_value function = nullptr, receiver, arguments[2], error;
  if (data.make_error) napi_get_reference_value(env, data.make_error, &function);
  napi_get_undefined(env, &receiver);
  napi_create_int32(env, static_cast<int>(kind), &arguments[0]);
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &arguments[1]);
  if (function && napi_call_function(env, receiver, function, 2, arguments, &error) == napi_ok) {
    napi_throw(env, error);
  } else {
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, nullptr, message);
  }
}

int32_t int_argument(napi_env env, napi_value value) {
  int32_t out = 0;
  if (napi_get_value_int32(env, value, &out) != napi_ok)
    fail(ErrorKind::kInternal, "binding", "wanted an integer argument");
  return out;
}

size_t count_argument(AddonData& data, napi_value value) {
  const int32_t count = int_argument(data.env, value);
  if (count < 0 || static_cast<size_t>(count) > data.shared.int_count / 2) SharedBuffer::fail_range();
  return static_cast<size_t>(count);
}

double double_argument(napi_env env, napi_value value) {
  double out = 0;
  if (napi_get_value_double(env, value, &out) != napi_ok)
    fail(ErrorKind::kInternal, "binding", "wanted a number argument");
  return out;
}

bool bool_argument(napi_env env, napi_value value) {
  bool out = false;
  if (napi_get_value_bool(env, value, &out) != napi_ok)
    fail(ErrorKind::kInternal, "binding", "wanted a boolean argument");
  return out;
}

std::string string_argument(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    fail(ErrorKind::kInternal, "binding", "wanted a string argument");
  }
  std::string text(length + 1, '\0');
  check(env, napi_get_value_string_utf8(env, value, text.data(), text.size(), &length));
  text.resize(length);
  return text;
}

void export_function(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value));
  check(env, napi_set_named_property(env, exports, name, value));
}

namespace {
napi_value initialize(napi_env env, napi_value exports) {
  AddonData* data = new AddonData(env);
  napi_set_instance_data(
      env, data, [](napi_env, void* d, void*) { delete static_cast<AddonData*>(d); }, nullptr);
  try {
    export_run(env, exports);
    export_data(env, exports);
    export_observe(env, exports);
    export_read(env, exports);
    export_autograd(env, exports);
    export_program(env, exports);
    export_program_async(env, exports);
    export_system(env, exports);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  } catch (const PendingException&) {
  }
  return exports;
}
}  // namespace

}  // namespace lanegrad

extern "C" {
NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  return lanegrad::initialize(env, exports);
}
NAPI_MODULE_EXPORT int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }
}
