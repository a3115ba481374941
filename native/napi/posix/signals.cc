// What libuv knows of signals on POSIX systems.
//
// Its signal handler runs at once, on whatever thread: it adds one to `caught_signals` of each handle that watches this
// signal, and writes a message to the loop's signal pipe. The loop later reads the message, calls the handle's callback
// (which calls the JavaScript listeners), and then adds one to `dispatched_signals`. So a listener is due exactly when
//   * a handle has caught more than it has dispatched: somebody listens for this very signal, and
//   * the pipe still holds a message: it is not that listener which is running now and has called us.
// libuv's own watcher of child processes is an internal handle, which uv_walk leaves out: an ended child is no signal
// that anybody listens for.
#include <poll.h>
#include <signal.h>

#include "napi/signals.h"
#include "os/os.h"

namespace berkeley::napi {

namespace {

void NoteUndispatched(uv_handle_t* handle, void* found) {
  if (handle->type != UV_SIGNAL || !uv_is_active(handle)) return;
  const auto* signal = reinterpret_cast<const uv_signal_t*>(handle);
  // Volatile: the signal handler may write it now.
  const unsigned caught = *static_cast<const volatile unsigned*>(&signal->caught_signals);
  if (caught == signal->dispatched_signals) return;
  auto* due = static_cast<int*>(found);
  if (*due == 0 || *due == SIGWINCH) *due = signal->signum;
}

}  // namespace

int ListenerDue(uv_loop_t* loop) {
  int due = 0;
  uv_walk(loop, NoteUndispatched, &due);
  if (due == 0) return 0;
  os::PollEntry pipe = {loop->signal_pipefd[0], POLLIN, 0};
  return os::Poll(&pipe, 1, 0) == 1 ? due : 0;
}

}  // namespace berkeley::napi
