// How the BIO over a descriptor receives and sends on Windows.
#include <winsock2.h>

#include <algorithm>
#include <climits>
#include <iterator>

#include "../internal.h"

namespace berkeley::tls {

namespace {

// For how long a call sleeps that may: then JavaScript looks whether the thread shall come back.
constexpr int kTickMs = 100;

// As native/os/win/win.h has it.
SOCKET ToSocket(int fd) { return fd <= 0 || fd % 4 != 0 ? INVALID_SOCKET : static_cast<SOCKET>(fd); }

// Winsock's numbers; those six of them that are errors of C too have C's (native/os/win/win.h).
int ToErrno(int error) {
  constexpr int kShared[] = {WSAEINTR, WSAEBADF, WSAEACCES, WSAEFAULT, WSAEINVAL, WSAEMFILE};
  const bool shared = std::find(std::begin(kShared), std::end(kShared), error) != std::end(kShared);
  return shared ? error - WSABASEERR : error;
}

bool WaitReady(int fd, bool reading) {
  const SOCKET socket = ToSocket(fd);
  fd_set ready, failed;
  FD_ZERO(&ready);
  FD_ZERO(&failed);
  FD_SET(socket, &ready);
  FD_SET(socket, &failed);
  timeval tick = {0, kTickMs * 1000};
  return select(0, reading ? &ready : nullptr, reading ? nullptr : &ready, &failed, &tick) != 0;
}

// Makes a call on a socket, which is nonblocking. If the running call may sleep, the call waits for a tick, and is made
// once more.
template <typename Function>
int Call(Descriptor* descriptor, bool reading, Function call) {
  int count = call(ToSocket(descriptor->fd));
  if (count >= 0) return count;
  int error = WSAGetLastError();
  if (error == WSAEWOULDBLOCK && descriptor->sleeps && !descriptor->interrupted) {
    if (WaitReady(descriptor->fd, reading)) {
      count = call(ToSocket(descriptor->fd));
      if (count >= 0) return count;
      error = WSAGetLastError();
    }
    descriptor->interrupted = true;
  }
  if (error == WSAEWOULDBLOCK) return reading ? kWantRead : kWantWrite;
  descriptor->error = ToErrno(error);
  return kFailed;
}

}  // namespace

int Receive(Descriptor* descriptor, void* bytes, int size) {
  return Call(descriptor, true, [=](SOCKET socket) { return recv(socket, static_cast<char*>(bytes), size, 0); });
}

int64_t Transmit(Descriptor* descriptor, const void* bytes, size_t size) {
  const int most = static_cast<int>(std::min<size_t>(size, INT_MAX));
  return Call(descriptor, false, [=](SOCKET socket) { return send(socket, static_cast<const char*>(bytes), most, 0); });
}

// Windows has no kernel TLS: nobody asks.
BIO* CreateKernelTlsBio(Descriptor*) { return nullptr; }

}  // namespace berkeley::tls
