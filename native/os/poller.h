// The contract of a readiness backend: one kernel object that watches many descriptors.
//
// A backend is one file: linux/epoll.cc; to come bsd/kqueue.cc and win/afd.cc. The same suite runs over each.
//
// Events are bits. The low bits are poll(2)'s own (POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP …), which every backend
// takes and reports; a backend may take further bits of its own above them (epoll: edge-triggered, one-shot, exclusive
// …) and refuses with -EINVAL what it does not know. Readiness is level-triggered unless such a bit says otherwise:
// an event is reported again by each Wait until its cause is gone. POLLERR and POLLHUP are reported unasked.
//
// One descriptor has at most one registration per poller; several pollers may watch one descriptor. Closing a
// descriptor ends its registrations. A poller may be used from any thread, and while another thread waits on it.
#ifndef BERKELEY_OS_POLLER_H_
#define BERKELEY_OS_POLLER_H_

#include <cstdint>

#include "os.h"

namespace berkeley::os {

// A poller's handle. Itself a descriptor that polls readable when an event is ready, and is closed with Close.
using Poller = Fd;

// What Wait reports, laid out for JavaScript to read in place.
struct PollerEvent {
  int32_t fd;
  uint32_t events;
};

// A new poller, close-on-exec, or a negative code.
Poller PollerCreate();
// 0; -EEXIST if fd is registered, -EPERM if fd cannot be waited for (a plain file), -EBADF.
int PollerAdd(Poller poller, Fd fd, uint32_t events);
// 0; -ENOENT if fd is not registered.
int PollerModify(Poller poller, Fd fd, uint32_t events);
int PollerRemove(Poller poller, Fd fd);
// Sleeps for at most timeout_ms (-1: without end, 0: not at all). How many of at most `capacity` events were filled
// in, 0 at the timeout.
int PollerWait(Poller poller, PollerEvent* events, int capacity, int timeout_ms);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POLLER_H_
