// The programs of one JavaScript environment.
#pragma once

#include <memory>
#include <vector>

#include "program/program.h"

namespace lanegrad {

class ProgramTable {
 public:
  uint32_t add(std::unique_ptr<Program> program);
  // kDisposed if there is none.
  Program& get(int32_t number) const;
  void remove(int32_t number);

  std::unique_ptr<Recorder> recorder;  // while one records
  // Of a call on this thread; they keep their memory from call to call.
  std::vector<Tensor> arguments;
  Invocation call;

 private:
  std::vector<std::unique_ptr<Program>> programs_;
};

}  // namespace lanegrad
