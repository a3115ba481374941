// connect(2). On Linux a call that is repeated after an interruption waits for the same connection.
#include "../posix/posix.h"

namespace berkeley::os {

int Connect(Fd fd, const void* address, uint32_t length, int wait) {
  const auto call = [=] { return Checked(connect(fd, static_cast<const struct sockaddr*>(address), length)); };
  // The call may end before the connection is made though the descriptor blocks: a NonblockingScope of another thread
  // was on, or nothing may sleep here. The next call waits for the connection.
  const auto goes_on = [=](int result) {
    return (result == -EINPROGRESS || result == -EALREADY) && SleepsWithoutEnd(fd, true);
  };
  const auto once = [=] {
    const int result = Once(fd, call);
    if (wait != kSleep || !goes_on(result)) return result;
    WaitReady(fd, Direction::kWriting, system_calls::kTickMs);
    return -EINTR;
  };
  const auto sleeping = [=] {
    const int result = call();
    return goes_on(result) ? -EINTR : result;
  };
  return CallWaiting(fd, Direction::kWriting, wait, once, sleeping);
}

}  // namespace berkeley::os
