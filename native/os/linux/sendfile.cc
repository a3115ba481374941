// sendfile(2).
#include <sys/sendfile.h>

#include <algorithm>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

// The most that one bounded call sends. The call may hold the lock of NonblockingScope while the file is read from a
// disk.
constexpr size_t kMostAtOnce = 1024 * 1024;

int64_t SendFileNow(Fd socket, Fd file, int64_t offset, size_t count) {
  off_t from = offset;
  return Checked(sendfile(socket, file, &from, count));
}

}  // namespace

int64_t SendFile(Fd socket, Fd file, int64_t offset, size_t count, int wait) {
  static_assert(sizeof(off_t) == sizeof(int64_t));
  const auto once = [=] {
    return Once(socket, [=] { return SendFileNow(socket, file, offset, std::min(count, kMostAtOnce)); });
  };
  return CallWaiting(socket, Direction::kWriting, wait, once, [=] { return SendFileNow(socket, file, offset, count); });
}

}  // namespace berkeley::os
