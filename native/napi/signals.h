#ifndef BERKELEY_NAPI_SIGNALS_H_
#define BERKELEY_NAPI_SIGNALS_H_

#include "libuv.h"

namespace berkeley::napi {

// The number of a signal that has come and whose JavaScript listener cannot run, because the loop's thread is here; 0
// if there is none. A change of the terminal's size (SIGWINCH), which Node itself listens for, comes after all others.
// One file per kind of system: what libuv keeps differs.
int ListenerDue(uv_loop_t* loop);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_SIGNALS_H_
