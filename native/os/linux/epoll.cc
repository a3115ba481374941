// The readiness backend of Linux: epoll(7). Its low event bits are poll(2)'s; the kernel checks the rest.
#include <poll.h>
#include <sys/epoll.h>

#include <memory>
#include <new>

#include "../../system/calls.h"
#include "../poller.h"
#include "../posix/posix.h"

namespace berkeley::os {

static_assert(EPOLLIN == POLLIN && EPOLLPRI == POLLPRI && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

namespace {

// 12 KiB of stack. Python asks for at most 1023 events unless told otherwise.
constexpr int kOnStack = 1024;

int Control(Poller poller, int operation, Fd fd, uint32_t events) {
  struct epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return Checked(epoll_ctl(poller, operation, fd, &event));
}

int WaitInto(Poller poller, struct epoll_event* found, PollerEvent* events, int capacity, int timeout_ms) {
  const int count = Checked(system_calls::EpollWait(poller, found, capacity, timeout_ms));
  for (int i = 0; i < count; ++i) events[i] = {found[i].data.fd, found[i].events};
  return count;
}

}  // namespace

Poller PollerCreate() { return Checked(epoll_create1(EPOLL_CLOEXEC)); }

int PollerAdd(Poller poller, Fd fd, uint32_t events) { return Control(poller, EPOLL_CTL_ADD, fd, events); }

int PollerModify(Poller poller, Fd fd, uint32_t events) { return Control(poller, EPOLL_CTL_MOD, fd, events); }

int PollerRemove(Poller poller, Fd fd) { return Control(poller, EPOLL_CTL_DEL, fd, 0); }

int PollerWait(Poller poller, PollerEvent* events, int capacity, int timeout_ms) {
  if (capacity <= kOnStack) {
    struct epoll_event found[kOnStack];
    return WaitInto(poller, found, events, capacity, timeout_ms);
  }
  const std::unique_ptr<struct epoll_event[]> found(new (std::nothrow) struct epoll_event[capacity]);
  if (!found) return -ENOMEM;
  return WaitInto(poller, found.get(), events, capacity, timeout_ms);
}

}  // namespace berkeley::os
