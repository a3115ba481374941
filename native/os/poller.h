// The contract of a readiness backend: one object that watches many descriptors.
//
// A backend is one file: linux/epoll.cc; bsd/kqueue.cc; win/afd_poller.cc; posix/poll_poller.cc, which every POSIX
// system can use, and which BERKELEY_POLLER=poll puts in the place of the system's own. The same suites run over each.
//
// Events are poll(2)'s bits (POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP); a backend refuses others with -EINVAL.
// Readiness is level-triggered: an event is reported again by each Wait until its cause is gone. POLLERR and POLLHUP
// are reported unasked, if any other event is asked for.
//
// One descriptor has at most one registration per poller; several pollers may watch one descriptor. Closing a
// descriptor ends its registrations. A poller may be used from any thread, and while another thread waits on it.
#ifndef BERKELEY_OS_POLLER_H_
#define BERKELEY_OS_POLLER_H_

#include <cstdint>
#include <memory>

#include "os.h"

namespace berkeley::os {

// An event that Wait reports. JavaScript reads it in place.
struct PollerEvent {
  int32_t fd;
  uint32_t events;
};

class Poller {
 public:
  Poller() = default;
  virtual ~Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Registers fd. Returns 0, -EEXIST if fd is registered, -EPERM if fd cannot be waited for (a plain file), or -EBADF.
  virtual int Add(Fd fd, uint32_t events) = 0;
  // Both return 0, or -ENOENT if fd is not registered.
  virtual int Modify(Fd fd, uint32_t events) = 0;
  virtual int Remove(Fd fd) = 0;
  // Fills in at most `capacity` events, and returns how many. Does not sleep.
  virtual int Wait(PollerEvent* events, int capacity) = 0;
  // As Wait, but sleeps for at most timeout_ms until there is an event. A signal may end the sleep with -EINTR.
  virtual int WaitFor(PollerEvent* events, int capacity, int timeout_ms) {
    const int count = Wait(events, capacity);
    if (count != 0 || timeout_ms == 0) return count;
    Park(timeout_ms);
    return Wait(events, capacity);
  }

  // A descriptor that polls readable while Wait would find something; kNoFd if the backend has none.
  virtual Fd Descriptor() const { return kNoFd; }
  // A thread can sleep in Park, which returns when Wait would find something, after Wake, or after timeout_ms (-1:
  // never). Before the first time it is prepared: 0, or a negative code.
  virtual int PreparePark() { return 0; }
  virtual void Park(int /*timeout_ms*/) {}
  virtual void Wake() {}
};

// Creates a poller. nullptr: it failed, with a negative code in *error.
std::unique_ptr<Poller> CreatePoller(int* error);
// The backend's name: "epoll", "kqueue", "poll", "afd".
const char* PollerName();

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POLLER_H_
