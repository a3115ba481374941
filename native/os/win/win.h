// The files of win/ share these; no other file includes them.
//
// Every socket is nonblocking (FIONBIO) from its birth, or from the moment it is taken over: Windows has no flag
// MSG_DONTWAIT, and a thread that slept in a call could not be brought back. What sleeps is a wait for readiness, one
// tick at a time.
#ifndef BERKELEY_OS_WIN_WIN_H_
#define BERKELEY_OS_WIN_WIN_H_

#include <string>

#include "../os.h"

namespace berkeley::os {

// Starts Winsock, once per process. Every function that may be the first to need it calls it.
void StartWinsock();

// A socket's handle. Handles are multiples of 4: of another number, as a descriptor of C's library may be, the system
// would ignore the two lowest bits.
inline SOCKET ToSocket(Fd fd) { return fd <= 0 || fd % 4 != 0 ? INVALID_SOCKET : static_cast<SOCKET>(fd); }

// The code of os.h for one of Winsock's errors. Six of them are errors of C too, and have C's number, as in CPython.
constexpr int SocketError(int error) {
  switch (error) {
    case WSAEINTR:
    case WSAEBADF:
    case WSAEACCES:
    case WSAEFAULT:
    case WSAEINVAL:
    case WSAEMFILE:
      return WSABASEERR - error;
    default:
      return -error;
  }
}
static_assert(SocketError(WSAEINVAL) == -EINVAL && SocketError(WSAEMFILE) == -EMFILE);

inline int LastSocketError() { return SocketError(WSAGetLastError()); }

// The code of os.h for one of the system's other errors.
int SystemError(unsigned long error);

// Returns the result of a call of Winsock as os.h has it.
inline int Checked(int result) { return result == SOCKET_ERROR ? LastSocketError() : result; }

enum class Direction { kReading, kWriting };

// Waits until the socket is ready. Returns 0, kNotReady, or a negative code.
int WaitReady(Fd fd, Direction direction, int timeout_ms);

// How long a call sleeps before it looks whether its thread shall come back.
inline constexpr int kTickMs = 100;

// Makes one call, as patient as `wait` says (os.h).
template <typename Call>
auto CallWaiting(Fd fd, Direction direction, int wait, Call call) -> decltype(call()) {
  if (wait > 0) {
    const int ready = WaitReady(fd, direction, wait);
    if (ready < 0) return ready;
  }
  const auto result = call();
  if (wait != kSleep || result != -WSAEWOULDBLOCK) return result;
  const int ready = WaitReady(fd, direction, kTickMs);
  if (ready < 0) return ready == kNotReady ? -EINTR : ready;
  const auto second = call();
  return second == -WSAEWOULDBLOCK ? -EINTR : second;
}

// Makes a new socket of ours what every socket is: nonblocking, and not inherited. Closes it if that fails.
int Adopt(SOCKET socket);

// Ends the registrations of a socket with all pollers. Called before it is closed.
void ForgetInPollers(Fd fd);

std::wstring ToWide(const char* text);
std::string ToUtf8(const wchar_t* text);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_WIN_WIN_H_
