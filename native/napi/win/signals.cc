// What libuv knows of signals on Windows: console events, which arrive on a thread of the system's. A signal's number
// stays in its handle until the loop has called the handle's callback.
#include "napi/signals.h"

#include <csignal>

namespace berkeley::napi {

namespace {

void NotePending(uv_handle_t* handle, void* found) {
  if (handle->type != UV_SIGNAL || !uv_is_active(handle)) return;
  const auto* signal = reinterpret_cast<const uv_signal_t*>(handle);
  const unsigned long pending = *static_cast<const volatile unsigned long*>(&signal->pending_signum);
  auto* due = static_cast<int*>(found);
  if (pending != 0 && (*due == 0 || *due == SIGWINCH)) *due = static_cast<int>(pending);
}

}  // namespace

int ListenerDue(uv_loop_t* loop) {
  int due = 0;
  uv_walk(loop, NotePending, &due);
  return due;
}

}  // namespace berkeley::napi
