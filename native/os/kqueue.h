// kqueue(2), for Python's select.kqueue. macOS and the BSDs have it.
#ifndef BERKELEY_OS_KQUEUE_H_
#define BERKELEY_OS_KQUEUE_H_

#include "os.h"

namespace berkeley::os {

// An event, or a change of what is watched: struct kevent with every field as wide as on any system, in words that
// JavaScript fills and reads in place.
struct Kevent {
  uint32_t ident_low, ident_high;
  int32_t filter;
  uint32_t flags;
  uint32_t fflags;
  uint32_t data_low, data_high;
  uint32_t udata_low, udata_high;
};

// kqueue(2). The descriptor is close-on-exec.
int KqueueCreate();
// kevent(2): makes the changes, then sleeps for at most timeout_ms (0: not at all) until there are events. Fills in at
// most `capacity` events, and returns how many; 0 after timeout_ms. A change that fails is an event with EV_ERROR if
// there is room for it, else the call's error. After -EINTR all changes are made.
int KqueueControl(Fd kqueue, const Kevent* changes, size_t change_count, Kevent* events, size_t capacity,
                  int timeout_ms);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_KQUEUE_H_
