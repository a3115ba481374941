// epoll(7), for Python's select.epoll. Linux alone has it. Events are the kernel's own bits, all of them.
#ifndef BERKELEY_OS_EPOLL_H_
#define BERKELEY_OS_EPOLL_H_

#include "poller.h"

namespace berkeley::os {

// epoll_create1(2). The descriptor is close-on-exec.
int EpollCreate();
// epoll_ctl(2).
int EpollAdd(Fd epoll, Fd fd, uint32_t events);
int EpollModify(Fd epoll, Fd fd, uint32_t events);
int EpollRemove(Fd epoll, Fd fd);
// epoll_wait(2). Sleeps for at most timeout_ms (0: not at all). Fills in at most `capacity` events, and returns how
// many; 0 after timeout_ms.
int EpollWait(Fd epoll, PollerEvent* events, int capacity, int timeout_ms);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_EPOLL_H_
