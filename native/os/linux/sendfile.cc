// sendfile(2).
#include <sys/sendfile.h>

#include <algorithm>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

// What one call on a blocking socket moves at most: it holds the lock of NonblockingScope, and the file may have to be
// read from a disk.
constexpr size_t kMostAtOnce = 1024 * 1024;

int64_t SendFileNow(Fd socket, Fd file, int64_t offset, size_t count) {
  off_t from = offset;
  return Checked(sendfile(socket, file, &from, count));
}

}  // namespace

int64_t SendFile(Fd socket, Fd file, int64_t offset, size_t count) {
  static_assert(sizeof(off_t) == sizeof(int64_t));
  const int nonblocking = GetNonblocking(socket);
  if (nonblocking < 0) return nonblocking;
  if (nonblocking == 1) return SendFileNow(socket, file, offset, count);
  const NonblockingScope scope(socket);
  if (scope.error() != 0) return scope.error();
  return SendFileNow(socket, file, offset, std::min(count, kMostAtOnce));
}

}  // namespace berkeley::os
