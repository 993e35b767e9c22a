// The one exception type of the native code. The binding turns it into the JavaScript class of the same kind.
#pragma once

#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace lanegrad {

enum class ErrorKind {
  kShape,        // ranks, sizes or broadcasting do not fit
  kDType,        // the op does not take this dtype
  kIndex,        // an index or dim is out of range
  kValue,        // an attribute or argument value makes no sense
  kDisposed,     // the tensor was freed, or belongs to another environment
  kOutOfMemory,  // the allocation is impossible or passes the limit
  kAutograd,     // the tape forbids it
  kInternal,     // a defect of lanegrad
  kLinAlg,       // a matrix is singular, not positive definite, or an iteration did not converge
  kAnomaly,      // a value or gradient is NaN or infinite, and that was asked for
  kRecording,    // what cannot be done while a program is recorded, or by a program
  kBusy,         // a program that runs on its thread reads or writes it
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  ErrorKind kind() const { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
};

// fail(ErrorKind::kShape, "matmul", "inner dimensions differ: a is ", shape) throws "[matmul] inner
// dimensions ...".
template <class... Parts>
[[noreturn]] void fail(ErrorKind kind, const char* op, const Parts&... parts) {
  std::ostringstream text;
  text << '[' << op << "] ";
  (text << ... << parts);
  throw Error(kind, text.str());
}

}  // namespace lanegrad
