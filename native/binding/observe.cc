// What watches ops, and what measures threads, as JavaScript switches it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "binding/addon_data.h"
#include "core/granted_cores.h"
#include "core/lost_core.h"
#include "core/threads.h"

namespace lanegrad {
namespace {

napi_value number(napi_env env, double value) {
  napi_value out;
  check(env, napi_create_double(env, value, &out));
  return out;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}

Observer& observer_of(AddonData& data) {
  if (!data.graph.observer) data.graph.observer = std::make_unique<Observer>();
  return *data.graph.observer;
}

// An observer that nothing needs goes, and ops are as fast as before.
void drop_if_idle(AddonData& data) {
  if (data.graph.observer && !data.graph.observer->needed()) data.graph.observer.reset();
}

// startProfile(mostEvents)
napi_value start_profile(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const double most = double_argument(data.env, arguments[0]);
  if (!(most >= 0 && most <= 1e9)) fail(ErrorKind::kValue, "profile", "an absurd number of events, ", most);
  observer_of(data).profile = std::make_unique<Profile>(static_cast<size_t>(most));
  return nullptr;
}

// stopProfile(): { rows, events, dropped }; the rows as observer.h says, in an ArrayBuffer of doubles.
napi_value stop_profile(AddonData& data, napi_callback_info) {
  const napi_env env = data.env;
  if (!data.graph.observer || !data.graph.observer->profile)
    fail(ErrorKind::kInternal, "profile", "none is running");
  const std::unique_ptr<Profile> profile = std::move(data.graph.observer->profile);
  drop_if_idle(data);
  const auto rows = profile->rows();
  napi_value out, buffer;
  void* memory = nullptr;
  check(env, napi_create_object(env, &out));
  check(env, napi_create_arraybuffer(env, rows.size_bytes(), &memory, &buffer));
  if (!rows.empty()) std::memcpy(memory, rows.data(), rows.size_bytes());
  set(env, out, "rows", buffer);
  set(env, out, "events", number(env, static_cast<double>(profile->events())));
  set(env, out, "dropped", number(env, static_cast<double>(profile->dropped())));
  return out;
}

// setAnomalyCheck(mode): 0 none, 1 NaN, 2 infinities too; returns the former mode.
napi_value set_anomaly_check(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const int32_t mode = int_argument(data.env, arguments[0]);
  if (mode < 0 || mode > 2) fail(ErrorKind::kInternal, "detectAnomaly", "no mode ", mode);
  Observer& observer = observer_of(data);
  const auto former = static_cast<double>(observer.check);
  observer.check = static_cast<AnomalyCheck>(mode);
  drop_if_idle(data);
  return number(data.env, former);
}

// anomaly(): what was found last.
napi_value anomaly(AddonData& data, napi_callback_info) {
  const napi_env env = data.env;
  if (!data.graph.observer) fail(ErrorKind::kInternal, "detectAnomaly", "nothing was looked for");
  const Anomaly& found = data.graph.observer->anomaly;
  napi_value out, op, backward, nan;
  check(env, napi_create_object(env, &out));
  check(env, napi_create_string_utf8(env, found.op.c_str(), NAPI_AUTO_LENGTH, &op));
  check(env, napi_get_boolean(env, found.backward, &backward));
  check(env, napi_get_boolean(env, found.nan, &nan));
  set(env, out, "op", op);
  set(env, out, "backward", backward);
  set(env, out, "nan", nan);
  set(env, out, "node", number(env, static_cast<double>(found.node)));
  return out;
}

// nextNode(): the number that the next tape node will have.
napi_value next_node(AddonData& data, napi_callback_info) {
  return number(data.env, static_cast<double>(data.graph.next_sequence));
}

// grantedCores(root, cpus...): what core/granted_cores.h says of a tree of files.
napi_value granted(AddonData& data, napi_callback_info info) {
  const napi_env env = data.env;
  const Arguments<64> arguments(env, info);
  std::vector<int> cpus;
  for (size_t i = 1; i < std::min<size_t>(arguments.count, 64); ++i)
    cpus.push_back(int_argument(env, arguments[i]));
  const GrantedCores cores = granted_cores(string_argument(env, arguments[0]), cpus);
  napi_value out, source;
  check(env, napi_create_object(env, &out));
  check(env, napi_create_string_utf8(env, cores.source, NAPI_AUTO_LENGTH, &source));
  set(env, out, "count", number(env, cores.count));
  set(env, out, "source", source);
  return out;
}

// regionStart(pause): microseconds from the start of a parallel region to its first task on another thread,
// `pause` microseconds after the region before; -1 if no thread came within 20 ms, NaN if other processes
// took the cores meanwhile.
napi_value region_start(AddonData& data, napi_callback_info info) {
  using Clock = std::chrono::steady_clock;
  const Arguments<1> arguments(data.env, info);
  const double pause = double_argument(data.env, arguments[0]);
  if (!(pause >= 0 && pause <= 5000)) fail(ErrorKind::kValue, "regionStart", "no pause of ", pause);
  const auto caller = std::this_thread::get_id();
  const auto elapsed = [](Clock::time_point since) {
    return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
  };
  std::atomic<double> came = -1;
  Clock::time_point start;
  const auto task = [&](int64_t) {
    if (std::this_thread::get_id() == caller) {
      while (came.load() < 0 && elapsed(start) < 20000) {
      }
    } else {
      double none = -1;
      came.compare_exchange_strong(none, elapsed(start));
    }
  };
  start = Clock::now();
  parallel_tasks(2, task);
  const auto end = Clock::now();
  while (elapsed(end) < pause) {
  }
  came = -1;
  start = Clock::now();
  parallel_tasks(2, task);
  if (cores_are_crowded()) came = std::nan("");
  return number(data.env, came.load());
}

}  // namespace

void export_observe(napi_env env, napi_value exports) {
  export_function(env, exports, "startProfile", entry<start_profile>);
  export_function(env, exports, "stopProfile", entry<stop_profile>);
  export_function(env, exports, "setAnomalyCheck", entry<set_anomaly_check>);
  export_function(env, exports, "anomaly", entry<anomaly>);
  export_function(env, exports, "nextNode", entry<next_node>);
  export_function(env, exports, "grantedCores", entry<granted>);
  export_function(env, exports, "regionStart", entry<region_start>);
}

}  // namespace lanegrad
