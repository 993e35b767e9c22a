#include "program/thread.h"

#include <utility>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace lanegrad {

ProgramThread::~ProgramThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (running_) running_->halt();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ProgramThread::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

void ProgramThread::add(std::unique_ptr<ProgramJob> job) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void ProgramThread::loop() {
#if defined(__linux__)
  prctl(PR_SET_NAME, "lanegrad-program");  // as top and profilers show it
#endif
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    std::unique_ptr<ProgramJob> job = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = job.get();
    lock.unlock();
    job->run();
    lock.lock();
    running_ = nullptr;
    if (ending_) {
      waiting_.push_front(std::move(job));  // ends with the others, on the thread that waits
      return;
    }
    lock.unlock();
    done_(context_, std::move(job));
    lock.lock();
  }
}

}  // namespace lanegrad
