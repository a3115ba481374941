// What the POSIX files share among themselves; nobody else includes it.
#ifndef BERKELEY_OS_POSIX_POSIX_H_
#define BERKELEY_OS_POSIX_POSIX_H_

#include <cerrno>

#include "../../system/sleep.h"
#include "../os.h"

namespace berkeley::os {

// A system call's result as this layer hands it up: errno becomes the value.
template <typename Result>
Result Checked(Result result) {
  return result < 0 ? static_cast<Result>(-errno) : result;
}

enum class Direction { kReading, kWriting };

// Waits by poll(2): 0 if the descriptor is ready, kNotReady, or a negative code.
int WaitReady(Fd fd, Direction direction, int timeout_ms);

// One call as patient as `wait` says (os.h). `once` is the bounded call, `sleeping` the one that may sleep.
template <typename Once, typename Sleeping>
auto CallWaiting(Fd fd, Direction direction, int wait, Once once, Sleeping sleeping) -> decltype(once()) {
  if (wait == kOnce) return once();
  if (wait > 0) {
    const int ready = WaitReady(fd, direction, wait);
    // A call may get something where poll sees nothing: SO_RCVLOWAT may be more than is asked for.
    return ready < 0 ? ready : once();
  }
  // A NonblockingScope on another thread ends a sleep with EAGAIN, too: then the call is repeated. Some calls (MSG_OOB)
  // never sleep, so not for ever.
  constexpr int kRepetitions = 3;
  for (int i = 0; i <= kRepetitions; ++i) {
    system_calls::SleepScope scope;
    if (!scope.CanSleep()) break;
    const auto result = sleeping();
    scope.Leave();
    if (result != -EAGAIN || i == kRepetitions || !SleepsWithoutEnd(fd, direction == Direction::kWriting))
      return result;
  }
  // Nothing may sleep here: a wait of one tick takes the place of the sleep.
  if (!SleepsWithoutEnd(fd, direction == Direction::kWriting)) return once();
  const int ready = WaitReady(fd, direction, system_calls::kTickMs);
  if (ready < 0) return ready == kNotReady ? -EINTR : ready;
  const auto result = once();
  return result == -EAGAIN ? -EINTR : result;
}

// accept(2) with a close-on-exec result whose O_NONBLOCK is clear: one call on some systems, several on others.
int AcceptCloexec(Fd fd, void* address, uint32_t* length);

// Whether `result` is what sockets of some families (packet) say to MSG_CMSG_CLOEXEC. Descriptors come over AF_UNIX
// alone.
bool RefusesCloexec(Fd fd, int64_t result);

// Message i of a batch as one that RecvMsg fills, or SendMsg sends; `part` is its one part, which outlives it.
Message RoomInBatch(const Batch& batch, size_t i, IoVec* part);
// False: a size exceeds its room.
bool MessageInBatch(const Batch& batch, size_t i, IoVec* part, Message* message);
// What was received as message i: notes its sizes and flags.
void NoteInBatch(const Batch& batch, size_t i, int64_t length, const Message& message);
// RecvBatch and SendBatch for every system: a call a message.
int RecvOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);
int SendOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);

// While it lives, `fd` is nonblocking; afterwards it is what it was before.
//
// For the few calls that have no MSG_DONTWAIT (accept, connect, sendfile) and would sleep without end on a blocking fd:
// one that another program has made blocking (a child process that inherits it as its standard input does), or one
// whose calls are awaited. O_NONBLOCK belongs to the open file description that all threads share, so one lock for the
// process keeps two scopes (and SetNonblocking) from undoing each other. What is done inside is short and never waits
// for a peer. Another process that shares the description may see one early EAGAIN.
class NonblockingScope {
 public:
  explicit NonblockingScope(Fd fd);
  ~NonblockingScope();
  NonblockingScope(const NonblockingScope&) = delete;
  NonblockingScope& operator=(const NonblockingScope&) = delete;
  int error() const { return error_; }  // 0, or why the mode could not be set

 private:
  Fd fd_;
  bool changed_ = false;
  int error_ = 0;
};

// Whether the descriptor is nonblocking, 0 or 1: of its own accord, not because a NonblockingScope is on.
int IsNonblocking(Fd fd);

// Makes a call that has no MSG_DONTWAIT, so that it does not sleep.
template <typename Call>
auto Once(Fd fd, Call call) -> decltype(call()) {
  const int nonblocking = IsNonblocking(fd);
  if (nonblocking < 0) return nonblocking;
  if (nonblocking == 1) return call();
  const NonblockingScope scope(fd);
  return scope.error() != 0 ? scope.error() : call();
}

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_POSIX_H_
