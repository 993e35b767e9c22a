// Whether other processes want the cores that this one computes on.
#pragma once

namespace lanegrad {

// Whether the scheduler took the core from the calling thread, against its will and for longer than an
// interrupt takes, since it asked before. Looks at most every half a millisecond, and is false in between;
// false always where the system does not say.
bool lost_core();

// Whether a thread of the pool or a caller of it lost its core in the last moments: then threads without work
// park at once, and a region starts later.
bool cores_are_crowded();

}  // namespace lanegrad
