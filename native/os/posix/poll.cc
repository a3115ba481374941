// poll(2). PollEntry is the system's struct, so that JavaScript fills it and the kernel reads it without a copy.
#include <poll.h>

#include <algorithm>

#include "posix.h"

namespace berkeley::os {

static_assert(sizeof(PollEntry) == sizeof(struct pollfd) && alignof(PollEntry) == alignof(struct pollfd));
static_assert(offsetof(PollEntry, fd) == offsetof(struct pollfd, fd));
static_assert(offsetof(PollEntry, events) == offsetof(struct pollfd, events));
static_assert(offsetof(PollEntry, revents) == offsetof(struct pollfd, revents));

int Poll(PollEntry* entries, size_t count, int timeout_ms) {
  return Checked(poll(reinterpret_cast<struct pollfd*>(entries), static_cast<nfds_t>(count), timeout_ms));
}

int WaitReady(Fd fd, Direction direction, int timeout_ms) {
  PollEntry entry = {fd, direction == Direction::kReading ? int16_t{POLLIN} : int16_t{POLLOUT}, 0};
  const int found = Poll(&entry, 1, timeout_ms);
  return found == 0 ? kNotReady : std::min(found, 0);
}

}  // namespace berkeley::os
