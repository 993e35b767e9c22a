// Set-up, self-description, memory, counters and threads.
#include <cmath>
#include <string>

#include "binding/addon_data.h"
#include "core/cpu.h"
#include "core/matmul_precision.h"
#include "core/pool.h"
#include "core/threads.h"
#include "ops/peak.h"
#include "ops/registry.h"

namespace lanegrad {
namespace {

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}
napi_value number(napi_env env, double value) {
  napi_value out;
  check(env, napi_create_double(env, value, &out));
  return out;
}
napi_value text(napi_env env, const char* value) {
  napi_value out;
  check(env, napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &out));
  return out;
}
napi_value boolean(napi_env env, bool value) {
  napi_value out;
  check(env, napi_get_boolean(env, value, &out));
  return out;
}
napi_value object(napi_env env) {
  napi_value out;
  check(env, napi_create_object(env, &out));
  return out;
}
// An array of make(i) for i in [0, count).
template <class F>
napi_value array(napi_env env, int count, F&& make) {
  napi_value out;
  check(env, napi_create_array_with_length(env, static_cast<size_t>(count), &out));
  for (int i = 0; i < count; ++i) check(env, napi_set_element(env, out, static_cast<uint32_t>(i), make(i)));
  return out;
}

// open(makeError, collectGarbage, customBackward, compositeVjp)
napi_value open(AddonData& data, napi_callback_info info) {
  const Arguments<4> arguments(data.env, info);
  const auto keep = [&](napi_ref& ref, napi_value value) {
    napi_valuetype type;
    check(data.env, napi_typeof(data.env, value, &type));
    if (type != napi_function) fail(ErrorKind::kInternal, "open", "wanted four functions");
    const napi_ref former = ref;
    check(data.env, napi_create_reference(data.env, value, 1, &ref));
    if (former) check(data.env, napi_delete_reference(data.env, former));
  };
  keep(data.make_error, arguments[0]);
  keep(data.collector, arguments[1]);
  data.handles.set_collector(data.collector);
  keep(data.custom_backward, arguments[2]);
  keep(data.composite_vjp, arguments[3]);
  return nullptr;
}

// reserve(ints, floats): the shared buffer, at least that large; doubles first, then integers, in one
// ArrayBuffer.
napi_value reserve(AddonData& data, napi_callback_info info) {
  const Arguments<2> arguments(data.env, info);
  const double ints = double_argument(data.env, arguments[0]),
               floats = double_argument(data.env, arguments[1]);
  if (!(ints >= 0 && ints <= 1e8 && floats >= 0 && floats <= 1e8))
    fail(ErrorKind::kValue, "reserve", "a call of absurd size");
  SharedBuffer& shared = data.shared;
  napi_value buffer;
  void* memory = nullptr;
  check(data.env,
        napi_create_arraybuffer(data.env, static_cast<size_t>(floats) * 8 + static_cast<size_t>(ints) * 4,
                                &memory, &buffer));
  if (shared.keep) check(data.env, napi_delete_reference(data.env, shared.keep));
  check(data.env, napi_create_reference(data.env, buffer, 1, &shared.keep));
  shared.floats = static_cast<double*>(memory);
  shared.float_count = static_cast<size_t>(floats);
  shared.ints = reinterpret_cast<int32_t*>(shared.floats + shared.float_count);
  shared.int_count = static_cast<size_t>(ints);
  return buffer;
}

napi_value choices(napi_env env, const char* joined) {
  std::vector<std::string> parts;
  for (const char* at = joined; at && *at;) {
    const char* end = at;
    while (*end && *end != '|') ++end;
    parts.emplace_back(at, end);
    at = *end ? end + 1 : end;
  }
  return array(env, static_cast<int>(parts.size()),
               [&](int i) { return text(env, parts[static_cast<size_t>(i)].c_str()); });
}

napi_value flag_names(napi_env env, const Op& op) {
  static constexpr std::pair<OpFlags, const char*> kNames[] = {
      {kElementwise, "elementwise"}, {kReduction, "reduction"},    {kView, "view"},
      {kRandom, "random"},           {kDynamic, "dynamic"},        {kPrimitive, "primitive"},
      {kInternal, "internal"},       {kWideNumbers, "wideNumbers"}};
  std::vector<const char*> names;
  for (const auto& [flag, name] : kNames) {
    if (op.is(flag)) names.push_back(name);
  }
  return array(env, static_cast<int>(names.size()),
               [&](int i) { return text(env, names[static_cast<size_t>(i)]); });
}

napi_value describe_op(napi_env env, const Op& op) {
  static constexpr const char* kKinds[] = {"one", "optional", "list"};
  static constexpr const char* kTypes[] = {"int", "float", "bool", "enum", "dtype", "ints"};
  static constexpr const char* kPromotions[] = {"none", "common", "commonFloating"};
  static constexpr const char* kAutocasts[] = {"none", "lower", "float32", "promote"};
  napi_value out = object(env);
  set(env, out, "name", text(env, op.name));
  set(env, out, "inputs", array(env, op.input_count(), [&](int i) {
        const InputDef& def = op.inputs[static_cast<size_t>(i)];
        napi_value input = object(env);
        set(env, input, "name", text(env, def.name));
        set(env, input, "kind", text(env, kKinds[static_cast<int>(def.kind)]));
        set(env, input, "mutates", boolean(env, def.mutates));
        set(env, input, "gradsOf", number(env, def.grads_of));
        set(env, input, "differentiable", boolean(env, def.differentiable));
        return input;
      }));
  set(env, out, "outputs", array(env, op.output_count(), [&](int j) {
        const OutputDef& def = op.outputs[static_cast<size_t>(j)];
        napi_value output = object(env);
        set(env, output, "name", text(env, def.name));
        set(env, output, "differentiable", boolean(env, def.differentiable));
        return output;
      }));
  set(env, out, "attrs", array(env, op.attr_count(), [&](int k) {
        const AttrDef& def = op.attrs[static_cast<size_t>(k)];
        napi_value attr = object(env);
        set(env, attr, "name", text(env, def.name));
        set(env, attr, "type", text(env, kTypes[static_cast<int>(def.type)]));
        set(env, attr, "choices", choices(env, def.choices));
        return attr;
      }));
  set(env, out, "flags", flag_names(env, op));
  set(env, out, "promotion", text(env, kPromotions[static_cast<int>(op.promotion)]));
  set(env, out, "autocast", text(env, kAutocasts[static_cast<int>(op.autocast)]));
  return out;
}

// describeOps(): every record, in the order of the ids that run takes.
napi_value describe_ops(AddonData& data, napi_callback_info) {
  const auto ops = registry().all();
  return array(data.env, static_cast<int>(ops.size()),
               [&](int i) { return describe_op(data.env, *ops[static_cast<size_t>(i)]); });
}

napi_value memory(AddonData& data, napi_callback_info) {
  const PoolStats stats = pool_stats();
  napi_value out = object(data.env);
  set(data.env, out, "handles", number(data.env, static_cast<double>(data.handles.live())));
  set(data.env, out, "tensors", number(data.env, static_cast<double>(live_tensor_count())));
  set(data.env, out, "bytes", number(data.env, static_cast<double>(stats.live_bytes)));
  set(data.env, out, "pooledBytes", number(data.env, static_cast<double>(stats.cached_bytes)));
  set(data.env, out, "peakBytes", number(data.env, static_cast<double>(stats.peak_bytes)));
  set(data.env, out, "limitBytes", number(data.env, static_cast<double>(pool_limit())));
  return out;
}

napi_value counters(AddonData& data, napi_callback_info) {
  const Counters& c = data.graph.counters;
  napi_value out = object(data.env);
  const std::pair<const char*, uint64_t> values[] = {
      {"ops", c.ops},
      {"crossings", c.crossings},
      {"allocations", c.allocations},
      {"allocatedBytes", c.allocated_bytes},
      {"handlesMade", c.handles_made},
      {"tapeNodes", c.tape_nodes},
      {"savedBytes", c.saved_bytes},
      {"parallelRegions", parallel_regions()},
  };
  for (const auto& [name, value] : values)
    set(data.env, out, name, number(data.env, static_cast<double>(value)));
  return out;
}

napi_value backend_info(AddonData& data, napi_callback_info) {
  napi_value out = object(data.env);
  set(data.env, out, "name", text(data.env, "native"));
  set(data.env, out, "isa", text(data.env, level_name()));
  set(data.env, out, "bestIsa", text(data.env, best_level_name()));
  set(data.env, out, "bf16", text(data.env, bf16_unit()));
  set(data.env, out, "lastCacheBytes", number(data.env, static_cast<double>(cache_sizes().l3)));
  set(data.env, out, "isaProblem", text(data.env, isa_problem() ? isa_problem() : ""));
  set(data.env, out, "threadsProblem", text(data.env, num_threads_problem() ? num_threads_problem() : ""));
  set(data.env, out, "threads", number(data.env, num_threads()));
  set(data.env, out, "threadsSource", text(data.env, num_threads_source()));
  set(data.env, out, "matmulParts", number(data.env, static_cast<int>(matmul_precision_in_force().load())));
  return out;
}

napi_value collect(AddonData& data, napi_callback_info) {
  data.handles.collect_all();
  pool_trim();
  return nullptr;
}

napi_value set_threads(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  set_num_threads(int_argument(data.env, arguments[0]));
  return nullptr;
}

napi_value set_matmul_parts(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const int parts = int_argument(data.env, arguments[0]);
  if (parts < 1 || parts > 3)
    fail(ErrorKind::kValue, "setMatmulParts", "wanted 1, 2 or 3 parts, got ", parts);
  matmul_precision_in_force() = static_cast<MatmulPrecision>(parts);
  return nullptr;
}

// peak(seconds): what the arithmetic of all threads reaches, in floating operations a second.
napi_value peak(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const double seconds = double_argument(data.env, arguments[0]);
  if (!(seconds >= 0 && seconds <= 1)) fail(ErrorKind::kValue, "peak", "wants 0 to 1 seconds, got ", seconds);
  const PeakRates rates = measure_peak(seconds);
  napi_value out = object(data.env);
  set(data.env, out, "float32", number(data.env, rates.float32));
  set(data.env, out, "float64", number(data.env, rates.float64));
  set(data.env, out, "tiles", number(data.env, rates.tiles));
  return out;
}

napi_value set_memory_limit(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const double bytes = double_argument(data.env, arguments[0]);
  if (!(bytes >= 0)) fail(ErrorKind::kValue, "setMemoryLimit", "wanted a number of at least 0, got ", bytes);
  // No machine has 2^53 bytes: beyond that there is no limit.
  pool_set_limit(bytes < 9007199254740992.0 ? static_cast<size_t>(std::ceil(bytes)) : 0);
  return nullptr;
}

}  // namespace

void export_system(napi_env env, napi_value exports) {
  export_function(env, exports, "open", entry<open>);
  export_function(env, exports, "reserve", entry<reserve>);
  export_function(env, exports, "describeOps", entry<describe_ops>);
  export_function(env, exports, "memory", entry<memory>);
  export_function(env, exports, "counters", entry<counters>);
  export_function(env, exports, "backendInfo", entry<backend_info>);
  export_function(env, exports, "collect", entry<collect>);
  export_function(env, exports, "peak", entry<peak>);
  export_function(env, exports, "setNumThreads", entry<set_threads>);
  export_function(env, exports, "setMatmulParts", entry<set_matmul_parts>);
  export_function(env, exports, "setMemoryLimit", entry<set_memory_limit>);
}

}  // namespace lanegrad
