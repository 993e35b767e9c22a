// The threads of one environment on which programs run while JavaScript goes on. A job says which jobs before
// it are to be done first; of those that need not wait, the one that came first begins first.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

namespace lanegrad {

class ProgramJob {
 public:
  virtual ~ProgramJob() = default;
  // On a thread. Does not throw.
  virtual void run() = 0;
  // From any thread: what runs ends at the next node; what did not begin, does not.
  virtual void halt() = 0;

 private:
  friend class ProgramThreads;
  size_t awaited_ = 0;                // jobs that are to be done first
  std::vector<uint64_t> dependents_;  // that wait for this one
};

class ProgramThreads {
 public:
  // `done` is called on the thread with every job that was run.
  using Done = void (*)(void* context, std::unique_ptr<ProgramJob> job);
  ProgramThreads(Done done, void* context) : done_(done), context_(context) {}
  // Halts what there is and waits for the threads.
  ~ProgramThreads();
  ProgramThreads(const ProgramThreads&) = delete;
  ProgramThreads& operator=(const ProgramThreads&) = delete;

  // Begins a thread, if none has begun. Throws where the system gives none.
  void start();
  // After start(). Numbers ascend; those in `after` that are done, or never were, are not waited for.
  void add(uint64_t number, std::unique_ptr<ProgramJob> job, std::span<const uint64_t> after);

 private:
  void loop();
  void grow();
  void finish(uint64_t number, ProgramJob& job);

  const Done done_;
  void* const context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, std::unique_ptr<ProgramJob>> waiting_;  // that have not begun
  std::set<uint64_t> ready_;                                 // those of them that wait for nothing
  std::unordered_map<uint64_t, ProgramJob*> unfinished_;     // that wait or run
  std::set<ProgramJob*> running_;
  std::vector<std::unique_ptr<ProgramJob>> halted_;  // end with the others, on the thread that waits
  size_t idle_ = 0;                                  // threads without a job
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace lanegrad
