// How the BIO over a descriptor receives and sends on POSIX systems.
#include <sys/socket.h>

#include <cerrno>

#include "../../system/calls.h"
#include "../../system/sleep.h"
#include "../internal.h"

namespace berkeley::tls {

namespace {

// Makes a system call, which gets MSG_DONTWAIT or 0. It fails with EAGAIN once a sleep of the running call was ended.
template <typename Function>
ssize_t Call(Descriptor* descriptor, Function call) {
  if (descriptor->sleeps && !descriptor->interrupted) {
    system_calls::SleepScope scope;
    if (scope.CanSleep()) {
      const ssize_t count = call(0);
      const bool interrupted = count < 0 && errno == EINTR;
      scope.Leave();
      descriptor->interrupted = interrupted || system_calls::SleepEnded() >= 0;
      return count;
    }
  }
  ssize_t count;
  do {
    count = call(MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count;
}

int64_t Result(Descriptor* descriptor, ssize_t count, int not_ready) {
  if (count >= 0) return count;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return not_ready;
  descriptor->error = errno;
  return kFailed;
}

}  // namespace

int Receive(Descriptor* descriptor, void* bytes, int size) {
  const auto call = [=](int flags) {
    return system_calls::Recv(descriptor->fd, bytes, static_cast<size_t>(size), flags);
  };
  return static_cast<int>(Result(descriptor, Call(descriptor, call), kWantRead));
}

int64_t Transmit(Descriptor* descriptor, const void* bytes, size_t size) {
  const auto call = [=](int flags) { return system_calls::Send(descriptor->fd, bytes, size, flags | MSG_NOSIGNAL); };
  return Result(descriptor, Call(descriptor, call), kWantWrite);
}

}  // namespace berkeley::tls
