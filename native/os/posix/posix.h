// What the POSIX files share among themselves; nobody else includes it.
#ifndef BERKELEY_OS_POSIX_POSIX_H_
#define BERKELEY_OS_POSIX_POSIX_H_

#include <cerrno>

#include "../os.h"

namespace berkeley::os {

// A system call's result as this layer hands it up: errno becomes the value.
template <typename Result>
Result Checked(Result result) {
  return result < 0 ? static_cast<Result>(-errno) : result;
}

// accept(2) with a close-on-exec result whose O_NONBLOCK is clear: one call on some systems, several on others.
int AcceptCloexec(Fd fd, void* address, uint32_t* length);

// Message i of a batch as one that RecvMsg fills, or SendMsg sends; `part` is its one part, which outlives it.
Message RoomInBatch(const Batch& batch, size_t i, IoVec* part);
// False: a size exceeds its room.
bool MessageInBatch(const Batch& batch, size_t i, IoVec* part, Message* message);
// What was received as message i: notes its sizes and flags.
void NoteInBatch(const Batch& batch, size_t i, int64_t length, const Message& message);
// RecvBatch and SendBatch for every system: a call a message.
int RecvOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags);
int SendOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags);

// While it lives, `fd` is nonblocking; afterwards it is what it was before.
//
// For the few calls that have no MSG_DONTWAIT (accept, sendfile) and so could sleep without end on a blocking fd:
// another thread can take away what poll has just announced. O_NONBLOCK belongs to the open file description that all
// threads share, so one lock for the process keeps two scopes (and SetNonblocking) from undoing each other. What is
// done inside is short and never waits for a peer. Another process that shares the description may see one early
// EAGAIN.
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

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_POSIX_H_
