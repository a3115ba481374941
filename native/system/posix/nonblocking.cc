#include "../nonblocking.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <mutex>

namespace berkeley::system_calls {

namespace {

// Descriptors belong to the process and not to a Node environment, so this lock does too. Recursive: scopes nest.
std::recursive_mutex mutex;

int Flags(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -errno : flags;
}

int SetLocked(int fd, bool nonblocking) {
  int on = nonblocking;
  return ioctl(fd, FIONBIO, &on) < 0 ? -errno : 0;
}

}  // namespace

NonblockingScope::NonblockingScope(int fd) : fd_(fd) {
  mutex.lock();
  const int flags = Flags(fd);
  if (flags < 0) {
    error_ = flags;
  } else if ((flags & O_NONBLOCK) == 0) {
    error_ = SetLocked(fd, true);
    changed_ = error_ == 0;
  }
}

NonblockingScope::~NonblockingScope() {
  const int error = errno;
  if (changed_) SetLocked(fd_, false);
  mutex.unlock();
  errno = error;
}

int SetNonblocking(int fd, bool nonblocking) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  return SetLocked(fd, nonblocking);
}

int IsNonblocking(int fd) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  const int flags = Flags(fd);
  return flags < 0 ? flags : (flags & O_NONBLOCK) != 0;
}

}  // namespace berkeley::system_calls
