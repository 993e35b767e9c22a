// The thread of one environment on which programs run while JavaScript goes on. Jobs run one after the other
// in the order in which they came, so programs that share state need no other order.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace lanegrad {

class ProgramJob {
 public:
  virtual ~ProgramJob() = default;
  // On the thread. Does not throw.
  virtual void run() = 0;
  // From any thread: what runs ends at the next node; what did not begin, does not.
  virtual void halt() = 0;
};

class ProgramThread {
 public:
  // `done` is called on the thread with every job that was run.
  using Done = void (*)(void* context, std::unique_ptr<ProgramJob> job);
  ProgramThread(Done done, void* context) : done_(done), context_(context) {}
  // Halts what there is and waits for the thread.
  ~ProgramThread();
  ProgramThread(const ProgramThread&) = delete;
  ProgramThread& operator=(const ProgramThread&) = delete;

  // Begins the thread, if it has not begun. Throws where the system gives none.
  void start();
  // After start().
  void add(std::unique_ptr<ProgramJob> job);

 private:
  void loop();

  const Done done_;
  void* const context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<ProgramJob>> waiting_;
  ProgramJob* running_ = nullptr;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace lanegrad
