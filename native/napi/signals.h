#ifndef BERKELEY_NAPI_SIGNALS_H_
#define BERKELEY_NAPI_SIGNALS_H_

#include <uv.h>

namespace berkeley::napi {

// Whether a signal has come in whose JavaScript listener is due and cannot run, because the loop's thread is here.
// One file per kind of system: what libuv keeps differs.
bool ListenerDue(uv_loop_t* loop);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_SIGNALS_H_
