// What the addon keeps per JavaScript environment.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "binding/handles.h"
#include "binding/napi_setup.h"
#include "binding/program.h"
#include "graph/apply.h"
#include "graph/environment.h"

namespace lanegrad {

// The buffer through which ids, attributes and results pass: integers and doubles, read and written by both
// sides.
struct SharedBuffer {
  int32_t* ints = nullptr;
  double* floats = nullptr;
  size_t int_count = 0;
  size_t float_count = 0;
  napi_ref keep = nullptr;

  int32_t& int_at(size_t at) {
    if (at >= int_count) [[unlikely]]
      fail_range();
    return ints[at];
  }
  double& float_at(size_t at) {
    if (at >= float_count) [[unlikely]]
      fail_range();
    return floats[at];
  }
  [[noreturn]] static void fail_range();
};

class AddonData {
 public:
  explicit AddonData(napi_env env);
  ~AddonData();
  static AddonData& of(napi_env env);

  napi_env env;
  // For those that may outlive the environment.
  const std::shared_ptr<AddonData*> self = std::make_shared<AddonData*>(this);
  Environment graph;
  HandleTable handles;
  mutable SharedBuffer shared;
  std::vector<std::string> custom_names;
  napi_ref make_error = nullptr;  // (kind, message) => Error
  napi_ref collector = nullptr;
  napi_ref custom_backward = nullptr;  // see hooks.cc
  napi_ref composite_vjp = nullptr;
  std::unique_ptr<Hooks> hooks;
  const std::unique_ptr<ProgramTable> programs = std::make_unique<ProgramTable>();
  // Operands are in use that their handles alone keep alive: nothing may be collected.
  bool borrowing = false;

  HandleId read_id(size_t at) { return {shared.int_at(at), shared.int_at(at + 1)}; }
  void write_id(size_t at, HandleId id) {
    shared.int_at(at + 1) = id.generation;
    shared.int_at(at) = id.slot;
  }
};

// Throws the JavaScript error of that kind; at most one is pending.
void throw_error(AddonData& data, ErrorKind kind, const char* message);

// Every exported function runs inside this: native errors become JavaScript ones, and none escapes into the
// engine.
template <napi_value (*body)(AddonData&, napi_callback_info)>
napi_value entry(napi_env env, napi_callback_info info) {
  AddonData& data = AddonData::of(env);
  ++data.graph.counters.crossings;
  try {
    return body(data, info);
  } catch (const Error& error) {
    throw_error(data, error.kind(), error.what());
  } catch (const PendingException&) {
  } catch (const std::bad_alloc&) {
    throw_error(data, ErrorKind::kOutOfMemory, "[memory] the process has no memory left for bookkeeping");
  } catch (const std::exception& error) {
    throw_error(data, ErrorKind::kInternal, error.what());
  }
  return nullptr;
}

// A call's arguments; absent ones are undefined.
template <size_t N>
struct Arguments {
  napi_value values[N];
  size_t count = N;
  Arguments(napi_env env, napi_callback_info info) {
    check(env, napi_get_cb_info(env, info, &count, values, nullptr, nullptr));
  }
  napi_value operator[](size_t i) const { return values[i]; }
};

// What JavaScript holds the elements in: the 16-bit floats have no array there.
inline DType held_dtype(DType t) { return is_floating(t) && is_narrow(t) ? DType::kFloat32 : t; }

int32_t int_argument(napi_env env, napi_value value);
double double_argument(napi_env env, napi_value value);
// A number of ids in the shared ints.
size_t count_argument(AddonData& data, napi_value value);
bool bool_argument(napi_env env, napi_value value);
std::string string_argument(napi_env env, napi_value value);

// Exports of the files of this folder.
void export_run(napi_env env, napi_value exports);
void export_data(napi_env env, napi_value exports);
void export_observe(napi_env env, napi_value exports);
void export_read(napi_env env, napi_value exports);
void export_program_async(napi_env env, napi_value exports);
void export_program(napi_env env, napi_value exports);
void export_autograd(napi_env env, napi_value exports);
void export_system(napi_env env, napi_value exports);
std::unique_ptr<Hooks> make_hooks(AddonData& data);

void export_function(napi_env env, napi_value exports, const char* name, napi_callback function);

}  // namespace lanegrad
