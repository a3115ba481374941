// How the event loop hears that a poller has something: by libuv's poll where there is libuv and the poller is a
// descriptor, else by a thread that sleeps in the poller and calls through a thread-safe function.
#ifndef BERKELEY_NAPI_WATCH_H_
#define BERKELEY_NAPI_WATCH_H_

#include <memory>

#include "libuv.h"
#include "os/poller.h"

namespace berkeley::napi {

class Watch {
 public:
  using Call = void (*)(void* data);

  virtual ~Watch() = default;
  // Sets whether the watch keeps the loop, and with it the process, alive. At first it does not.
  virtual void Ref(bool wanted) = 0;
  // Ends the watch. The loop calls `closed(data)` once it has let go of it; only then may the watch be destroyed.
  virtual void Close(Call closed) = 0;
};

// From now on the loop calls `ready(data)`, on its own thread, in each of its turns in which the poller has something.
// nullptr and a negative code in *error if that cannot be. `poller` and `data` outlive the watch.
std::unique_ptr<Watch> StartWatch(napi_env env, os::Poller* poller, Watch::Call ready, void* data, int* error);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_WATCH_H_
