// Descriptors and options: the calls that POSIX systems share.
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include "posix.h"

namespace berkeley::os {

namespace {

// Returns the value of a socket option, or a negative code.
int IntOption(Fd fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  const int result = Checked(getsockopt(fd, SOL_SOCKET, name, &value, &length));
  return result < 0 ? result : value;
}

}  // namespace

int Accept(Fd fd, void* address, uint32_t* length, int wait) {
  const auto call = [=] { return AcceptCloexec(fd, address, length); };
  return CallWaiting(
      fd, Direction::kReading, wait, [=] { return Once(fd, call); }, call);
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

int Describe(Fd fd, int* family, int* type, int* protocol) {
  struct sockaddr_storage address = {};
  uint32_t length = sizeof(address);
  const int named = GetSockName(fd, &address, &length);
  if (named == -EBADF || named == -ENOTSOCK) return named;
  *family = named < 0 ? named : address.ss_family;
  *type = IntOption(fd, SO_TYPE);
#ifdef SO_PROTOCOL
  *protocol = IntOption(fd, SO_PROTOCOL);
#else
  *protocol = 0;
#endif
  return 0;
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

int SetNonblocking(Fd fd, bool nonblocking) { return system_calls::SetNonblocking(fd, nonblocking); }

bool SleepsWithoutEnd(Fd fd, bool sending) {
  return system_calls::IsNonblocking(fd) == 0 && WaitLimit(fd, sending) == 0;
}

int AtMark(Fd fd) { return Checked(sockatmark(fd)); }

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
