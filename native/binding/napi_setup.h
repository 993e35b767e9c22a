// The only place that includes Node-API. The plain C interface, version 8: one binary for every Node, Bun and
// Deno.
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#include <node_api.h>

#include "core/error.h"

namespace lanegrad {

// A JavaScript exception is pending: unwind to the entry point and let it go on its way.
struct PendingException {};

// Node-API calls that fail only on a defect of the binding, or with an exception pending.
inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) throw PendingException();
  fail(ErrorKind::kInternal, "binding", "Node-API call failed with status ", static_cast<int>(status));
}

}  // namespace lanegrad
