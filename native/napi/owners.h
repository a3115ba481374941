// The table of who owns a descriptor. Numbers are the process's, and the kernel gives them out again: one that an
// environment believes to have may have been closed in another, and stand for something else by now. So each object has
// a claim of its own, and all claims are in one table for all threads. Closing a descriptor ends every claim on it;
// what is let go of without a word (an object collected as garbage, an environment that ends) is closed only while the
// claim holds.
#ifndef BERKELEY_NAPI_OWNERS_H_
#define BERKELEY_NAPI_OWNERS_H_

#include "env.h"

namespace berkeley::napi {

// Never given twice in a process. 0 is none, or that on a descriptor which is new and which no object has yet.
using Claim = int64_t;

// AtEnd says what becomes of a descriptor when the environment that claims it ends.
enum class AtEnd { kClose, kAbort };

// Claims `fd` for an environment and returns the claim, which replaces the one that `New` has made.
Claim Own(State* owner, os::Fd fd);
// Returns whether the claim holds; for claim 0, whether any claim of this environment on `fd` does.
bool Owns(const State* owner, os::Fd fd, Claim claim);
void SetAtEnd(os::Fd fd, Claim claim, AtEnd at_end);
// Ends a claim without closing `fd`. Claim 0 is the one that `New` has made: the number goes to a user, not an object.
void Disown(os::Fd fd, Claim claim);
// Ends all claims on `fd`, which is closed elsewhere right afterwards.
void Forget(os::Fd fd);
// Returns `fd`, a result of the kernel that is a new descriptor or a negative code. What was claimed of its number was
// closed without our knowledge. The environment claims it until an object of it does, for it may end before that.
int New(State* owner, int fd);
// Closes `fd` if the claim holds; returns -EBADF otherwise.
int CloseOwned(os::Fd fd, Claim claim);
// Closes `fd` by its number, whoever claims it.
int CloseNumber(os::Fd fd);
// Closes what an environment claims that is about to end, except for what another environment claims too.
void EndOwned(const State* owner);

// Counts how often a descriptor was closed, or found to be closed, that a UseScope uses. What lasts longer than a call
// looks for the claims that it relies on when the count has changed.
uint64_t EndingsInUse();

// Keeps a number from being given out again while a call of several steps, which may sleep, uses it: whoever closes the
// descriptor meanwhile ends the claims on it, and the call's end closes it. (The kernel keeps what the number stands
// for open that long anyhow, for the call that sleeps.)
class UseScope {
 public:
  // Claim 0 uses nothing: the call does not sleep.
  UseScope(os::Fd fd, Claim claim);
  ~UseScope();
  UseScope(const UseScope&) = delete;
  UseScope& operator=(const UseScope&) = delete;

  // Returns whether the claim held when the call began.
  bool holds() const { return holds_; }

 private:
  os::Fd fd_;
  bool uses_;
  bool holds_;
};

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_OWNERS_H_
