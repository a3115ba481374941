// Which environment owns a descriptor. Numbers are the process's: one that an environment believes to own may have been
// closed in another, and stand for something else by now. So there is one table for all, and the last who said so owns.
#ifndef BERKELEY_NAPI_OWNERS_H_
#define BERKELEY_NAPI_OWNERS_H_

#include "env.h"

namespace berkeley::napi {

// What becomes of a descriptor when the environment that owns it ends.
enum class AtEnd { kClose, kAbort };

void Own(State* owner, os::Fd fd);
void SetAtEnd(State* owner, os::Fd fd, AtEnd at_end);
// Only its owner gives a descriptor up.
void Disown(State* owner, os::Fd fd);
// To be called before a descriptor is closed, whoever owned it: its number may soon be another thread's.
void Forget(os::Fd fd);
// The environment ends, and with it what it owns.
void EndOwned(State* owner);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_OWNERS_H_
