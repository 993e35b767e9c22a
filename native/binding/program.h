// The programs of one JavaScript environment.
#pragma once

#include <memory>
#include <vector>

#include "binding/program_async.h"
#include "program/program.h"

namespace lanegrad {

class ProgramTable {
 public:
  uint32_t add(std::shared_ptr<Program> program);
  // kDisposed if there is none.
  Program& get(int32_t number) const { return *share(number); }
  const std::shared_ptr<Program>& share(int32_t number) const;
  void remove(int32_t number);

  std::unique_ptr<Recorder> recorder;  // while one records
  // Of a call on this thread; they keep their memory from call to call.
  std::vector<Tensor> arguments;
  Invocation call;
  std::unique_ptr<ProgramQueue> queue;  // begun when a program first runs on its thread

 private:
  std::vector<std::shared_ptr<Program>> programs_;
};

// Tensors from ints[0...).
void read_tensors(AddonData& data, size_t count, const char* op, std::vector<Tensor>& out);

}  // namespace lanegrad
