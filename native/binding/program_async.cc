// Programs on threads of their own: submission, completion, cancelling, and reads that wait for them. Tensors
// that a submitted program uses are marked until it is done; the marks belong to the JavaScript thread.
#include "binding/program_async.h"

#include <algorithm>
#include <utility>

#include "binding/addon_data.h"
#include "graph/record.h"
#include "ops/layout/copy.h"

namespace lanegrad {
namespace {

// A promise would otherwise wait for ever behind a loop that never awaits.
constexpr size_t kMostInFlight = 10'000;

// Marks storages as read or written, from when a call is ordered behind others by them to its end.
class Marks {
 public:
  explicit Marks(std::shared_ptr<ProgramOrder> order) : order_(std::move(order)) {}
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;
  ~Marks() { clear(); }

  void read(const Ref<Storage>& storage) {
    ++storage->readers;
    read_.push_back(storage);
    order_->reads(storage.get());
  }
  void write(const Ref<Storage>& storage) {
    ++storage->writers;
    written_.push_back(storage);
    order_->writes(storage.get());
  }
  // The calls of a program have its arena, one after the other.
  void use(const Program* program) { order_->writes(program); }
  void forget(const Program* program) { order_->forget(program); }
  void clear() {
    for (const Ref<Storage>& s : read_)
      if (--s->readers == 0 && s->writers == 0) order_->forget(s.get());
    for (const Ref<Storage>& s : written_)
      if (--s->writers == 0 && s->readers == 0) order_->forget(s.get());
    read_.clear();
    written_.clear();
  }

 private:
  const std::shared_ptr<ProgramOrder> order_;  // outlives the queue where a call does
  std::vector<Ref<Storage>> read_, written_;
};

// What both kinds of job have: a promise, and what went wrong.
struct PromiseJob : ProgramJob {
  explicit PromiseJob(ProgramQueue& queue) : marks(queue.begin()) {}
  Marks marks;
  std::string name;
  uint64_t number = 0;
  napi_deferred promise = nullptr;
  bool failed = false;
  ErrorKind kind = ErrorKind::kInternal;
  std::string problem;

  void run() final {
    try {
      work();
    } catch (const Error& error) {
      failed = true;
      kind = error.kind();
      problem = error.what();
    } catch (const std::exception& error) {
      failed = true;
      problem = error.what();
    }
  }
  virtual void work() = 0;
  // On the JavaScript thread: what did not come about is taken back.
  virtual void settle() {}
  // On the JavaScript thread: what the promise gives.
  virtual napi_value value(AddonData& data) = 0;
};

struct RunJob final : PromiseJob {
  explicit RunJob(ProgramQueue& queue) : PromiseJob(queue) {}
  std::shared_ptr<Program> program;
  Invocation call;
  int32_t ticket = 0;  // by which JavaScript cancels it
  bool finished = false;

  ~RunJob() override {
    marks.clear();  // a program that ends with it looks at them
    if (program && --program->in_flight == 0) marks.forget(program.get());
  }
  void halt() override { call.stop = Stop::kNow; }
  void work() override { finished = program->execute(call); }
  // Calls that were started later make the gradients again.
  void settle() override {
    if (!finished) program->drop_gradients(call, program->in_flight == 1);
  }
  // The ids of the results; null if the call was cancelled.
  napi_value value(AddonData& data) override {
    const napi_env env = data.env;
    napi_value out;
    if (!finished) {
      check(env, napi_get_null(env, &out));
      return out;
    }
    const size_t count = program->result_count();
    check(env, napi_create_array_with_length(env, 2 * count, &out));
    for (size_t j = 0; j < count; ++j) {
      const HandleId id = data.handles.add(std::move(call.results[j]), nullptr);
      napi_value slot, generation;
      check(env, napi_create_int32(env, id.slot, &slot));
      check(env, napi_create_int32(env, id.generation, &generation));
      check(env, napi_set_element(env, out, static_cast<uint32_t>(2 * j), slot));
      check(env, napi_set_element(env, out, static_cast<uint32_t>(2 * j + 1), generation));
    }
    return out;
  }
};

// A copy of a tensor's elements as they are when the programs before it are done.
struct ReadJob final : PromiseJob {
  explicit ReadJob(ProgramQueue& queue) : PromiseJob(queue) {}
  Tensor source;
  napi_ref buffer = nullptr;
  void* target = nullptr;
  TensorSpec spec;

  void halt() override {}
  void work() override { copy_view({target, &spec}, {source->data(), &source->spec}); }
  napi_value value(AddonData& data) override {
    napi_value out;
    check(data.env, napi_get_reference_value(data.env, buffer, &out));
    napi_delete_reference(data.env, buffer);
    return out;
  }
};

}  // namespace

ProgramQueue::ProgramQueue(AddonData& data) : data_(data) {
  const napi_env env = data.env;
  napi_value name;
  check(env, napi_create_string_utf8(env, "lanegrad:program", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                             complete, &settle_));
  // Only jobs in flight keep the process alive.
  check(env, napi_unref_threadsafe_function(env, settle_));
  // Runs before that of the function, which was added earlier: nobody calls it afterwards.
  check(env, napi_add_env_cleanup_hook(env, join, this));
  threads_ = std::make_unique<ProgramThreads>(done, this);
}

ProgramQueue::~ProgramQueue() = default;

void ProgramQueue::join(void* queue) {
  auto& self = *static_cast<ProgramQueue*>(queue);
  self.threads_.reset();
  napi_release_threadsafe_function(self.settle_, napi_tsfn_abort);
}

// On a thread of programs.
void ProgramQueue::done(void* queue, std::unique_ptr<ProgramJob> job) {
  auto& self = *static_cast<ProgramQueue*>(queue);
  ProgramJob* const raw = job.release();
  if (napi_call_threadsafe_function(self.settle_, raw, napi_tsfn_nonblocking) != napi_ok) delete raw;
}

void ProgramQueue::complete(napi_env env, napi_value, void* queue, void* job) {
  std::unique_ptr<PromiseJob> settled(static_cast<PromiseJob*>(static_cast<ProgramJob*>(job)));
  if (!env) return;
  auto& self = *static_cast<ProgramQueue*>(queue);
  AddonData& data = self.data_;
  const napi_deferred promise = settled->promise;
  self.jobs_.erase(std::remove(self.jobs_.begin(), self.jobs_.end(), settled.get()), self.jobs_.end());
  if (self.jobs_.empty()) napi_unref_threadsafe_function(env, self.settle_);
  self.count_name(settled->name, -1);
  napi_value value = nullptr;
  settled->settle();
  try {
    if (settled->failed) throw Error(settled->kind, settled->problem);
    value = settled->value(data);
    settled.reset();  // before anybody hears of it: its marks go
    napi_resolve_deferred(env, promise, value);
    return;
  } catch (const Error& error) {
    settled.reset();
    throw_error(data, error.kind(), error.what());
  } catch (const PendingException&) {
    settled.reset();
  }
  napi_get_and_clear_last_exception(env, &value);
  napi_reject_deferred(env, promise, value);
}

// What errors say is busy: the programs in flight, each once.
void ProgramQueue::count_name(const std::string& name, int by) {
  int& count = names_[name];
  count += by;
  if (count > 1 || (count == 1 && by < 0)) return;
  if (count == 0) names_.erase(name);
  std::string& text = data_.graph.in_flight;
  text.clear();
  for (const auto& [each, _] : names_) text += (text.empty() ? "" : " or ") + each;
}

std::shared_ptr<ProgramOrder> ProgramQueue::begin() {
  order_->begin(last_ + 1, jobs_.empty() ? last_ + 1 : static_cast<PromiseJob*>(jobs_.front())->number);
  return order_;
}

napi_value ProgramQueue::add(std::unique_ptr<ProgramJob> added, const std::string& name) {
  const napi_env env = data_.env;
  threads_->start();
  auto* const job = static_cast<PromiseJob*>(added.get());
  napi_value promise;
  check(env, napi_create_promise(env, &job->promise, &promise));
  if (jobs_.empty()) check(env, napi_ref_threadsafe_function(env, settle_));
  job->name = name;
  job->number = ++last_;
  jobs_.push_back(job);
  count_name(name, 1);
  threads_->add(job->number, std::move(added), order_->after());
  return promise;
}

namespace {

ProgramQueue& queue_of(AddonData& data) {
  auto& queue = data.programs->queue;
  if (!queue) queue = std::make_unique<ProgramQueue>(data);
  if (queue->in_flight() >= kMostInFlight)
    fail(ErrorKind::kBusy, "compile", kMostInFlight, " calls are in flight; await some of them");
  return *queue;
}

void mark_use(Marks& marks, const Program& program, const Invocation& call) {
  marks.use(&program);
  for (Storage* s : program.read_state()) marks.read(Ref<Storage>(s));
  for (Storage* s : program.written_state()) marks.write(Ref<Storage>(s));
  for (size_t i = 0; i < call.pins.size(); ++i) {
    if (!call.pins[i]) continue;
    if (program.writes_base(i)) {
      marks.write(call.pins[i]);
    } else {
      marks.read(call.pins[i]);
    }
  }
}

// startProgram(program, count, job): ints hold the arguments; a promise of the results' ids, or of null when
// the job was cancelled.
napi_value start(AddonData& data, napi_callback_info info) {
  const Arguments<3> arguments(data.env, info);
  ProgramTable& table = *data.programs;
  const std::shared_ptr<Program> program = table.share(int_argument(data.env, arguments[0]));
  const std::string& name = program->name();
  if (table.recorder) {
    fail(ErrorKind::kRecording, name.c_str(),
         "a compiled function cannot be called while another one is recorded; call the plain function there");
  }
  std::vector<Tensor> operands;
  read_tensors(data, count_argument(data, arguments[1]), name.c_str(), operands);
  data.handles.poll();
  ProgramQueue& queue = queue_of(data);
  program->check_ready(operands);
  auto job = std::make_unique<RunJob>(queue);
  job->ticket = int_argument(data.env, arguments[2]);
  program->prepare(job->call, operands);
  // Together: the job takes off what it was counted for.
  ++program->in_flight;
  job->program = program;
  mark_use(job->marks, *program, job->call);
  data.graph.counters.ops += program->node_count();
  return queue.add(std::move(job), name);
}

// retainTensors(count): ints hold tensors, then other handles on them.
napi_value retain(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  std::vector<Tensor> tensors;
  read_tensors(data, count_argument(data, arguments[0]), "compile", tensors);
  for (size_t j = 0; j < tensors.size(); ++j)
    data.write_id(2 * j, data.handles.add(std::move(tensors[j]), nullptr));
  return nullptr;
}

// cancelProgram(job)
napi_value cancel(AddonData& data, napi_callback_info info) {
  const Arguments<1> arguments(data.env, info);
  const int32_t ticket = int_argument(data.env, arguments[0]);
  if (!data.programs->queue) return nullptr;
  for (ProgramJob* job : data.programs->queue->jobs()) {
    auto* const run = dynamic_cast<RunJob*>(job);
    if (run && run->ticket == ticket && run->call.stop == Stop::kNo) run->call.stop = Stop::kBeforeWrites;
  }
  return nullptr;
}

}  // namespace

napi_value read_behind_programs(AddonData& data, const Tensor& source, napi_value buffer, void* target,
                                const TensorSpec& spec) {
  ProgramQueue& queue = queue_of(data);
  auto job = std::make_unique<ReadJob>(queue);
  job->source = alias_tensor(source, source->spec, source->offset);
  job->target = target;
  job->spec = spec;
  check(data.env, napi_create_reference(data.env, buffer, 1, &job->buffer));
  job->marks.read(source->storage);
  return queue.add(std::move(job), "a read");
}

void export_program_async(napi_env env, napi_value exports) {
  export_function(env, exports, "startProgram", entry<start>);
  export_function(env, exports, "retainTensors", entry<retain>);
  export_function(env, exports, "cancelProgram", entry<cancel>);
}

}  // namespace lanegrad
