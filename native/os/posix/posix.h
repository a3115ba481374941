// The files of posix/, and those of the POSIX ports, share these; no other file includes them.
#ifndef BERKELEY_OS_POSIX_POSIX_H_
#define BERKELEY_OS_POSIX_POSIX_H_

#include <cerrno>

#include "../../system/nonblocking.h"
#include "../../system/sleep.h"
#include "../os.h"

namespace berkeley::os {

// Returns the result of a system call as os.h has it: errno becomes the value.
template <typename Result>
Result Checked(Result result) {
  return result < 0 ? static_cast<Result>(-errno) : result;
}

enum class Direction { kReading, kWriting };

// Waits with poll(2). Returns 0 if the descriptor is ready, kNotReady, or a negative code.
int WaitReady(Fd fd, Direction direction, int timeout_ms);

// Makes one call, as patient as `wait` says (os.h). `once` is the bounded form of the call, `sleeping` the one that may
// sleep.
template <typename Once, typename Sleeping>
auto CallWaiting(Fd fd, Direction direction, int wait, Once once, Sleeping sleeping) -> decltype(once()) {
  if (wait == kOnce) return once();
  if (wait > 0) {
    const int ready = WaitReady(fd, direction, wait);
    // If poll sees nothing in time, the call is not made, as in CPython, though it may get something: SO_RCVLOWAT may
    // be more than it asks for.
    return ready < 0 ? ready : once();
  }
  // A NonblockingScope of another thread ends a sleep with EAGAIN, after which the call is repeated. Some calls (with
  // MSG_OOB) never sleep and always give EAGAIN, so the number of repetitions is limited.
  constexpr int kRepetitions = 3;
  for (int i = 0; i <= kRepetitions; ++i) {
    system_calls::SleepScope scope;
    if (!scope.CanSleep()) break;
    const auto result = sleeping();
    scope.Leave();
    if (result != -EAGAIN || i == kRepetitions || !SleepsWithoutEnd(fd, direction == Direction::kWriting))
      return result;
  }
  // If nothing may sleep here, a wait of one tick takes the place of the sleep.
  if (!SleepsWithoutEnd(fd, direction == Direction::kWriting)) return once();
  const int ready = WaitReady(fd, direction, system_calls::kTickMs);
  if (ready < 0) return ready == kNotReady ? -EINTR : ready;
  const auto result = once();
  return result == -EAGAIN ? -EINTR : result;
}

// accept(2) with a close-on-exec result whose O_NONBLOCK is clear: one call on some systems, several on others.
int AcceptCloexec(Fd fd, void* address, uint32_t* length);

// recvmsg(2) whose descriptors are close-on-exec. Leaves in header->msg_flags what is the caller's to see.
int64_t RecvMsgCloexec(Fd fd, struct msghdr* header, int flags);

// Makes a call that has no flag like MSG_DONTWAIT while a NonblockingScope keeps it from sleeping.
template <typename Call>
auto Once(Fd fd, Call call) -> decltype(call()) {
  const int nonblocking = system_calls::IsNonblocking(fd);
  if (nonblocking < 0) return nonblocking;
  if (nonblocking == 1) return call();
  const system_calls::NonblockingScope scope(fd);
  return scope.error() != 0 ? scope.error() : call();
}

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_POSIX_H_
