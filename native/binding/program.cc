// Recording and replaying programs, as JavaScript calls it. Ids of tensors pass in the shared ints, programs
// by number.
#include "binding/program.h"

#include <algorithm>
#include <utility>

#include "binding/addon_data.h"
#include "core/pool.h"

namespace lanegrad {
namespace {

// Handles for results that pass as arguments of one call; the caller binds objects to any others.
constexpr size_t kHandles = 8;

napi_value text(napi_env env, const std::string& value) {
  napi_value out;
  check(env, napi_create_string_utf8(env, value.data(), value.size(), &out));
  return out;
}

napi_value boolean(napi_env env, bool value) {
  napi_value out;
  check(env, napi_get_boolean(env, value, &out));
  return out;
}

// beginProgram(count): ints hold the arguments.
napi_value begin(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  ProgramTable& table = *data.programs;
  if (table.recorder) {
    fail(ErrorKind::kRecording, "compile",
         "a compiled function cannot be called while another one is recorded; call the plain function there");
  }
  read_tensors(data, count_argument(data, arguments[0]), "compile", table.arguments);
  data.graph.autocast.casts.clear();
  table.recorder = std::make_unique<Recorder>(data.graph, table.arguments);
  table.arguments.clear();
  data.graph.recording = table.recorder.get();
  // What lies in the pool unused would lie beside all that the function makes.
  pool_trim();
  data.handles.collect_early(true);
  return nullptr;
}

// Ends listening, whatever comes of it.
class Ended {
 public:
  explicit Ended(AddonData& data) : recorder_(std::move(data.programs->recorder)), data_(data) {}
  ~Ended() {
    data_.graph.recording = nullptr;
    data_.graph.autocast.casts.clear();
    data_.handles.collect_early(false);
  }
  Recorder& operator*() const { return *recorder_; }
  Recorder* operator->() const { return recorder_.get(); }
  explicit operator bool() const { return recorder_ != nullptr; }

 private:
  std::unique_ptr<Recorder> recorder_;
  AddonData& data_;
};

ProgramOptions options_of(napi_env env, const Arguments<5>& arguments) {
  ProgramOptions options;
  options.passes = parse_passes(string_argument(env, arguments[1]));
  options.profile = bool_argument(env, arguments[3]);
  options.name = string_argument(env, arguments[4]);
  return options;
}

// endProgram(count, passes, keepGrads, profile, name): ints hold the results; gives the program's number.
napi_value end(AddonData& data, napi_callback_info info) {
  const napi_env env = data.env;
  const Arguments<5> arguments(env, info);
  const Ended recorder(data);
  if (!recorder) fail(ErrorKind::kRecording, "compile", "nothing is being recorded");
  ProgramOptions options;
  std::vector<Tensor> results;
  bool keep_grads = true;
  try {
    options = options_of(env, arguments);
    keep_grads = bool_argument(env, arguments[2]);
    read_tensors(data, count_argument(data, arguments[0]), "compile", results);
  } catch (...) {
    recorder->abort();
    throw;
  }
  data.graph.autocast.casts.clear();
  // What the function dropped is dropped: only what is referenced from outside is left.
  data.handles.collect_all();
  Recorded recorded = recorder->finish(results, keep_grads);
  results.clear();
  auto program = std::make_shared<Program>(data.graph, std::move(recorded), std::move(options));
  napi_value out;
  check(env, napi_create_uint32(env, data.programs->add(std::move(program)), &out));
  return out;
}

napi_value abort_recording(AddonData& data, napi_callback_info) {
  const Ended recorder(data);
  if (recorder) recorder->abort();
  return nullptr;
}

// pauseProgram(pause): what follows is not recorded; what it makes is state, as if it had been there before.
napi_value pause(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const bool paused = bool_argument(data.env, arguments[0]);
  data.graph.recording = paused ? nullptr : data.programs->recorder.get();
  return nullptr;
}

// freshInProgram(): ints hold the tensor.
napi_value fresh(AddonData& data, napi_callback_info) {
  const ProgramTable& table = *data.programs;
  return boolean(data.env,
                 table.recorder && table.recorder->is_fresh(data.handles.get(data.read_id(0), "compile")));
}

// standingInProgram(): ints hold a tensor. 0: made while recording, or not there any more; 1: was there
// before; 2: and an op of the recording used it.
napi_value standing(AddonData& data, napi_callback_info) {
  const HandleId id = data.read_id(0);
  int is = 0;
  if (const ProgramTable& table = *data.programs; table.recorder && data.handles.has(id)) {
    const Tensor& t = data.handles.get(id, "compile");
    if (table.recorder->is_state(t)) is = t->storage->mark ? 2 : 1;
  }
  napi_value out;
  check(data.env, napi_create_int32(data.env, is, &out));
  return out;
}

napi_value recording(AddonData& data, napi_callback_info) {
  return boolean(data.env, data.graph.recording != nullptr);
}

// programReady(program, count): ints hold the arguments.
napi_value ready(AddonData& data, napi_callback_info info) {
  const Arguments<2> arguments(data.env, info);
  ProgramTable& table = *data.programs;
  const Program& program = table.get(int_argument(data.env, arguments[0]));
  read_tensors(data, count_argument(data, arguments[1]), program.name().c_str(), table.arguments);
  const bool is = program.ready(table.arguments);
  table.arguments.clear();
  return boolean(data.env, is);
}

// What a call brought goes with it, however it ends.
class Cleared {
 public:
  explicit Cleared(Invocation& call) : call_(call) {}
  ~Cleared() { call_.clear(); }

 private:
  Invocation& call_;
};

// runProgram(program, count, ...handles): ints hold the arguments, then the results.
napi_value run(AddonData& data, napi_callback_info info) {
  const Arguments<2 + kHandles> arguments(data.env, info);
  ProgramTable& table = *data.programs;
  const std::shared_ptr<Program> held = table.share(int_argument(data.env, arguments[0]));
  Program& program = *held;
  if (table.recorder) {
    fail(ErrorKind::kRecording, program.name().c_str(),
         "a compiled function cannot be called while another one is recorded; call the plain function there");
  }
  read_tensors(data, count_argument(data, arguments[1]), program.name().c_str(), table.arguments);
  data.handles.poll();
  Invocation& call = table.call;
  const Cleared cleared(call);
  program.check_ready(table.arguments);
  program.check_idle(table.arguments);
  program.prepare(call, table.arguments);
  table.arguments.clear();
  data.graph.counters.ops += program.node_count();
  try {
    program.execute(call);
  } catch (...) {
    program.drop_gradients(call, true);
    throw;
  }
  const size_t count = program.result_count();
  for (size_t j = 0; j < count; ++j) {
    const bool has_handle = 2 + j < std::min(arguments.count, 2 + kHandles);
    data.write_id(2 * j,
                  data.handles.add(std::move(call.results[j]), has_handle ? arguments[2 + j] : nullptr));
    data.graph.counters.handles_made += has_handle;
  }
  return nullptr;
}

napi_value describe(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  return text(data.env, data.programs->get(int_argument(data.env, arguments[0])).describe());
}

napi_value print(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  return text(data.env, data.programs->get(int_argument(data.env, arguments[0])).print());
}

napi_value result_count(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  napi_value out;
  const size_t count = data.programs->get(int_argument(data.env, arguments[0])).result_count();
  check(data.env, napi_create_uint32(data.env, static_cast<uint32_t>(count), &out));
  return out;
}

napi_value dispose(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  data.programs->remove(int_argument(data.env, arguments[0]));
  return nullptr;
}

}  // namespace

void read_tensors(AddonData& data, size_t count, const char* op, std::vector<Tensor>& out) {
  out.clear();
  for (size_t i = 0; i < count; ++i) out.push_back(data.handles.get(data.read_id(2 * i), op));
}

uint32_t ProgramTable::add(std::shared_ptr<Program> program) {
  programs_.push_back(std::move(program));
  return static_cast<uint32_t>(programs_.size()) - 1;
}

const std::shared_ptr<Program>& ProgramTable::share(int32_t number) const {
  if (number < 0 || static_cast<size_t>(number) >= programs_.size() ||
      !programs_[static_cast<size_t>(number)])
    fail(ErrorKind::kDisposed, "compile", "the program was disposed of");
  return programs_[static_cast<size_t>(number)];
}

void ProgramTable::remove(int32_t number) {
  if (number >= 0 && static_cast<size_t>(number) < programs_.size())
    programs_[static_cast<size_t>(number)].reset();
}

void export_program(napi_env env, napi_value exports) {
  export_function(env, exports, "beginProgram", entry<begin>);
  export_function(env, exports, "endProgram", entry<end>);
  export_function(env, exports, "abortProgram", entry<abort_recording>);
  export_function(env, exports, "pauseProgram", entry<pause>);
  export_function(env, exports, "freshInProgram", entry<fresh>);
  export_function(env, exports, "standingInProgram", entry<standing>);
  export_function(env, exports, "recordingProgram", entry<recording>);
  export_function(env, exports, "programReady", entry<ready>);
  export_function(env, exports, "runProgram", entry<run>);
  export_function(env, exports, "programResults", entry<result_count>);
  export_function(env, exports, "describeProgram", entry<describe>);
  export_function(env, exports, "printProgram", entry<print>);
  export_function(env, exports, "disposeProgram", entry<dispose>);
}

}  // namespace lanegrad
