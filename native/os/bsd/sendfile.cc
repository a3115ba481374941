// sendfile(2): macOS and FreeBSD have one each, with other arguments; NetBSD and OpenBSD have none.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

#if defined(__APPLE__) || defined(__FreeBSD__)

// The most that one bounded call sends. The call may hold the lock of NonblockingScope while the file is read from a
// disk.
constexpr size_t kMostAtOnce = 1024 * 1024;

int64_t SendFileNow(Fd socket, Fd file, int64_t offset, size_t count) {
  if (count == 0) return 0;  // to the system, 0 means up to the end of the file
  off_t sent = 0;
#ifdef __APPLE__
  sent = static_cast<off_t>(std::min<size_t>(count, INT64_MAX));
  const int result = Checked(sendfile(file, socket, offset, &sent, nullptr, 0));
#else
  const int result = Checked(sendfile(file, socket, offset, count, nullptr, &sent, 0));
#endif
  // A call that was interrupted, or that would have had to wait, tells what it had sent by then.
  if (sent > 0 && (result == 0 || result == -EAGAIN || result == -EINTR)) return sent;
  // What os.h calls -EINVAL: the file is none that sendfile(2) takes.
  return result == -ENOTSUP || result == -EOPNOTSUPP ? -EINVAL : result;
}

#endif

}  // namespace

#if defined(__APPLE__) || defined(__FreeBSD__)

int64_t SendFile(Fd socket, Fd file, int64_t offset, size_t count, int wait) {
  static_assert(sizeof(off_t) == sizeof(int64_t));
  const auto once = [=] {
    return Once(socket, [=] { return SendFileNow(socket, file, offset, std::min(count, kMostAtOnce)); });
  };
  return CallWaiting(socket, Direction::kWriting, wait, once, [=] { return SendFileNow(socket, file, offset, count); });
}

#else

int64_t SendFile(Fd, Fd, int64_t, size_t, int) { return -ENOSYS; }

#endif

}  // namespace berkeley::os
