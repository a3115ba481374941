// epoll(7): Python's select.epoll, and the readiness backend of Linux. Its low event bits are poll(2)'s.
#include "../epoll.h"

#include <poll.h>
#include <sys/epoll.h>

#include <new>

#include "../../system/calls.h"
#include "../posix/park.h"
#include "../posix/poll_poller.h"
#include "../posix/posix.h"

namespace berkeley::os {

static_assert(EPOLLIN == POLLIN && EPOLLPRI == POLLPRI && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

namespace {

// So many events take 12 KiB of the stack. Python asks for at most 1023 events by default.
constexpr int kOnStack = 1024;

int Control(Fd epoll, int operation, Fd fd, uint32_t events) {
  struct epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  return Checked(epoll_ctl(epoll, operation, fd, &event));
}

int WaitInto(Fd epoll, struct epoll_event* found, PollerEvent* events, int capacity, int timeout_ms) {
  const int count = Checked(system_calls::EpollWait(epoll, found, capacity, timeout_ms));
  for (int i = 0; i < count; ++i) events[i] = {found[i].data.fd, found[i].events};
  return count;
}

class EpollPoller : public Poller {
 public:
  explicit EpollPoller(Fd epoll) : epoll_(epoll) {}
  ~EpollPoller() override { Close(epoll_); }

  int Add(Fd fd, uint32_t events) override { return EpollAdd(epoll_, fd, events); }
  int Modify(Fd fd, uint32_t events) override { return EpollModify(epoll_, fd, events); }
  int Remove(Fd fd) override { return EpollRemove(epoll_, fd); }
  int Wait(PollerEvent* events, int capacity) override { return EpollWait(epoll_, events, capacity, 0); }
  int WaitFor(PollerEvent* events, int capacity, int timeout_ms) override {
    return EpollWait(epoll_, events, capacity, timeout_ms);
  }
  Fd Descriptor() const override { return epoll_; }
  int PreparePark() override { return parking_.Prepare(); }
  void Park(int timeout_ms) override { parking_.Park(epoll_, timeout_ms); }
  void Wake() override { parking_.Wake(); }

 private:
  const Fd epoll_;
  Parking parking_;
};

}  // namespace

int EpollCreate() { return Checked(epoll_create1(EPOLL_CLOEXEC)); }

int EpollAdd(Fd epoll, Fd fd, uint32_t events) { return Control(epoll, EPOLL_CTL_ADD, fd, events); }

int EpollModify(Fd epoll, Fd fd, uint32_t events) { return Control(epoll, EPOLL_CTL_MOD, fd, events); }

int EpollRemove(Fd epoll, Fd fd) { return Control(epoll, EPOLL_CTL_DEL, fd, 0); }

int EpollWait(Fd epoll, PollerEvent* events, int capacity, int timeout_ms) {
  if (capacity <= kOnStack) {
    struct epoll_event found[kOnStack];
    return WaitInto(epoll, found, events, capacity, timeout_ms);
  }
  const std::unique_ptr<struct epoll_event[]> found(new (std::nothrow) struct epoll_event[capacity]);
  if (!found) return -ENOMEM;
  return WaitInto(epoll, found.get(), events, capacity, timeout_ms);
}

std::unique_ptr<Poller> CreatePoller(int* error) {
  if (PollIsForced()) return CreatePollPoller(error);
  const Fd epoll = EpollCreate();
  if (epoll >= 0) return std::make_unique<EpollPoller>(epoll);
  *error = epoll;
  return nullptr;
}

const char* PollerName() { return PollIsForced() ? "poll" : "epoll"; }

}  // namespace berkeley::os
