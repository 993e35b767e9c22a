// Whether other processes want the cores that this one computes on.
#pragma once

namespace lanegrad {

// Whether the scheduler took the core from the calling thread, against its will and for longer than an
// interrupt takes, since it asked before. Looks at most every half a millisecond, and is false in between; false
// always where the system does not say.
bool lost_core();

}  // namespace lanegrad
