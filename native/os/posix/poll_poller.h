// A readiness backend over poll(2), which every POSIX system has.
#ifndef BERKELEY_OS_POSIX_POLL_POLLER_H_
#define BERKELEY_OS_POSIX_POLL_POLLER_H_

#include "../poller.h"

namespace berkeley::os {

// Whether BERKELEY_POLLER=poll was in the environment when this was asked first.
bool PollIsForced();
std::unique_ptr<Poller> CreatePollPoller(int* error);
// Returns -EPERM for a plain file or a folder, which are always ready and which epoll refuses; else 0, or -EBADF.
int CannotWait(Fd fd);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_POLL_POLLER_H_
