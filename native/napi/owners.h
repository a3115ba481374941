// Who answers for a descriptor. Numbers are the process's, and the kernel gives them out again: one that an environment
// believes to have may have been closed in another, and stand for something else by now. So each object has a claim of
// its own, and all claims are in one table for all threads. Closing a descriptor ends every claim on it; what is let go
// of without a word (an object collected as garbage, an environment that ends) is closed only while the claim holds.
#ifndef BERKELEY_NAPI_OWNERS_H_
#define BERKELEY_NAPI_OWNERS_H_

#include "env.h"

namespace berkeley::napi {

// Never given twice in a process. 0 is none, or that on a descriptor which is new and which no object has yet.
using Claim = int64_t;

// What becomes of a descriptor when the environment that claims it ends.
enum class AtEnd { kClose, kAbort };

// A new claim of an environment, which replaces the one that it has by `New`.
Claim Own(State* owner, os::Fd fd);
// Whether the claim holds; with 0, whether any claim of this environment does.
bool Owns(const State* owner, os::Fd fd, Claim claim);
void SetAtEnd(os::Fd fd, Claim claim, AtEnd at_end);
// With 0, what `New` has claimed: the number is given to somebody who is no object.
void Disown(os::Fd fd, Claim claim);
// The descriptor is about to be closed by its number.
void Forget(os::Fd fd);
// Returns `fd`, a result of the kernel that is a new descriptor or a negative code. What was claimed of its number was
// closed without our knowledge. The environment claims it until an object of it does, for it may end before that.
int New(State* owner, int fd);
// -EBADF if the claim does not hold.
int CloseOwned(os::Fd fd, Claim claim);
// The environment ends, and what it claims is closed, unless another environment claims it too.
void EndOwned(const State* owner);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_OWNERS_H_
