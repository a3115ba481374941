// Descriptors and options: the calls that POSIX systems share.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "posix.h"

namespace berkeley::os {

namespace {

// Descriptors belong to the process and not to a Node environment, so this lock does too.
std::mutex nonblocking_mutex;

int SetNonblockingLocked(Fd fd, bool nonblocking) {
  int on = nonblocking;
  return Checked(ioctl(fd, FIONBIO, &on));
}

// While it lives, connect(2) on the blocking `fd` gives up after `slice_ms`: SO_SNDTIMEO is the system's limit for it.
// A limit of the user's own that is not longer is left alone. So is the one that another thread's slice has put there.
class ConnectSlice {
 public:
  ConnectSlice(Fd fd, int slice_ms) : fd_(fd) {
    socklen_t length = sizeof(saved_);
    if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &saved_, &length) != 0) return;
    slice_ms = std::max(slice_ms, 1);  // 0 would mean without end
    const struct timeval slice = {slice_ms / 1000, slice_ms % 1000 * 1000};
    const bool shorter = timerisset(&saved_) && !timercmp(&saved_, &slice, >);
    changed_ = !shorter && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof(slice)) == 0;
  }
  ~ConnectSlice() {
    if (!changed_) return;
    const int error = errno;
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &saved_, sizeof(saved_));
    errno = error;
  }
  ConnectSlice(const ConnectSlice&) = delete;
  ConnectSlice& operator=(const ConnectSlice&) = delete;

 private:
  Fd fd_;
  struct timeval saved_ = {};
  bool changed_ = false;
};

}  // namespace

NonblockingScope::NonblockingScope(Fd fd) : fd_(fd) {
  nonblocking_mutex.lock();
  const int flags = Checked(fcntl(fd, F_GETFL));
  if (flags < 0) {
    error_ = flags;
  } else if ((flags & O_NONBLOCK) == 0) {
    error_ = SetNonblockingLocked(fd, true);
    changed_ = error_ == 0;
  }
}

NonblockingScope::~NonblockingScope() {
  const int error = errno;
  if (changed_) SetNonblockingLocked(fd_, false);
  nonblocking_mutex.unlock();
  errno = error;
}

int Accept(Fd fd, bool fd_blocks, void* address, uint32_t* length) {
  if (!fd_blocks) return AcceptCloexec(fd, address, length);
  const NonblockingScope scope(fd);
  if (scope.error() != 0) return scope.error();
  return AcceptCloexec(fd, address, length);
}

int Connect(Fd fd, const void* address, uint32_t length, bool fd_blocks, int slice_ms) {
  const auto* peer = static_cast<const struct sockaddr*>(address);
  if (!fd_blocks) return Checked(connect(fd, peer, length));
  const ConnectSlice slice(fd, slice_ms);
  return Checked(connect(fd, peer, length));
}

int Bind(Fd fd, const void* address, uint32_t length) {
  return Checked(bind(fd, static_cast<const struct sockaddr*>(address), length));
}

int Listen(Fd fd, int backlog) { return Checked(listen(fd, backlog)); }

int Shutdown(Fd fd, int how) { return Checked(shutdown(fd, how)); }

int GetSockName(Fd fd, void* address, uint32_t* length) {
  return Checked(getsockname(fd, static_cast<struct sockaddr*>(address), length));
}

int GetPeerName(Fd fd, void* address, uint32_t* length) {
  return Checked(getpeername(fd, static_cast<struct sockaddr*>(address), length));
}

int Close(Fd fd) {
  const int result = Checked(close(fd));
  return result == -EINTR ? 0 : result;
}

int Abort(Fd fd) {
  const struct linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  return Close(fd);
}

int Duplicate(Fd fd) { return Checked(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

int GetInheritable(Fd fd) {
  const int flags = Checked(fcntl(fd, F_GETFD));
  return flags < 0 ? flags : (flags & FD_CLOEXEC) == 0;
}

int SetInheritable(Fd fd, bool inheritable) {
  const int flags = Checked(fcntl(fd, F_GETFD));
  if (flags < 0) return flags;
  return Checked(fcntl(fd, F_SETFD, inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC));
}

// Under the lock: what a NonblockingScope on another thread has set for a moment is not the descriptor's mode.
int GetNonblocking(Fd fd) {
  const std::lock_guard<std::mutex> lock(nonblocking_mutex);
  const int flags = Checked(fcntl(fd, F_GETFL));
  return flags < 0 ? flags : (flags & O_NONBLOCK) != 0;
}

int SetNonblocking(Fd fd, bool nonblocking) {
  const std::lock_guard<std::mutex> lock(nonblocking_mutex);
  return SetNonblockingLocked(fd, nonblocking);
}

int64_t WaitLimit(Fd fd, bool sending) {
  struct timeval limit = {};
  socklen_t length = sizeof(limit);
  const int result = Checked(getsockopt(fd, SOL_SOCKET, sending ? SO_SNDTIMEO : SO_RCVTIMEO, &limit, &length));
  if (result < 0) return result;
  constexpr int64_t kMicroseconds = 1000000;
  if (limit.tv_sec >= INT64_MAX / kMicroseconds) return 0;  // 292,000 years
  return int64_t{limit.tv_sec} * kMicroseconds + limit.tv_usec;
}

int GetSockOpt(Fd fd, int level, int name, void* value, uint32_t* length) {
  return Checked(getsockopt(fd, level, name, value, length));
}

int SetSockOpt(Fd fd, int level, int name, const void* value, uint32_t length) {
  return Checked(setsockopt(fd, level, name, value, length));
}

}  // namespace berkeley::os
