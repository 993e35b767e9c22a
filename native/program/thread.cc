#include "program/thread.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/threads.h"

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace lanegrad {
namespace {

// Kernels of one program use all cores, so that more programs at a time than these only crowd each other out.
constexpr int kMostThreads = 4;

}  // namespace

ProgramThreads::~ProgramThreads() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (ProgramJob* job : running_) job->halt();
    threads = std::move(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void ProgramThreads::start() {
  const std::lock_guard lock(mutex_);
  if (threads_.empty()) threads_.emplace_back([this] { loop(); });
}

// Begins another thread where a job would wait for one. What cannot be begun is not needed: one is there.
void ProgramThreads::grow() {
  const size_t most = static_cast<size_t>(std::clamp(num_threads(), 1, kMostThreads));
  if (ending_ || threads_.size() >= most || ready_.size() <= idle_) return;
  // A thread that has just begun is idle until it comes.
  if (threads_.size() - running_.size() > idle_ && ready_.size() <= threads_.size() - running_.size()) return;
  try {
    threads_.emplace_back([this] { loop(); });
  } catch (const std::system_error&) {
  }
}

void ProgramThreads::add(uint64_t number, std::unique_ptr<ProgramJob> job, std::span<const uint64_t> after) {
  {
    const std::lock_guard lock(mutex_);
    for (const uint64_t each : after) {
      const auto found = unfinished_.find(each);
      if (found == unfinished_.end()) continue;
      found->second->dependents_.push_back(number);
      ++job->awaited_;
    }
    unfinished_.emplace(number, job.get());
    if (job->awaited_ == 0) ready_.insert(number);
    waiting_.emplace(number, std::move(job));
    grow();
  }
  changed_.notify_one();
}

void ProgramThreads::finish(uint64_t number, ProgramJob& job) {
  running_.erase(&job);
  unfinished_.erase(number);
  size_t freed = 0;
  for (const uint64_t each : job.dependents_) {
    if (--unfinished_.at(each)->awaited_ > 0) continue;
    ready_.insert(each);
    ++freed;
  }
  if (freed == 0) return;
  grow();
  // This thread takes one.
  for (size_t i = 1; i < freed; ++i) changed_.notify_one();
}

void ProgramThreads::loop() {
#if defined(__linux__)
  prctl(PR_SET_NAME, "lanegrad-program");  // as top and profilers show it
#endif
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [&] { return ending_ || !ready_.empty(); });
    --idle_;
    if (ending_) return;
    const uint64_t number = *ready_.begin();
    ready_.erase(ready_.begin());
    const auto found = waiting_.find(number);
    std::unique_ptr<ProgramJob> job = std::move(found->second);
    waiting_.erase(found);
    running_.insert(job.get());
    lock.unlock();
    job->run();
    lock.lock();
    finish(number, *job);
    if (ending_) {
      halted_.push_back(std::move(job));
      return;
    }
    lock.unlock();
    done_(context_, std::move(job));
    lock.lock();
  }
}

}  // namespace lanegrad
