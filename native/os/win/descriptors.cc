// Sockets and their options.
#include <windows.h>

#include <mswsock.h>

#include <algorithm>
#include <cstring>

#include "../handover.h"
#include "win.h"

namespace berkeley::os {

namespace {

SOCKADDR* ToAddress(void* address) { return static_cast<SOCKADDR*>(address); }
const SOCKADDR* ToAddress(const void* address) { return static_cast<const SOCKADDR*>(address); }
int ToLength(uint32_t length) { return static_cast<int>(std::min<uint32_t>(length, INT_MAX)); }

int ProtocolInfo(Fd fd, WSAPROTOCOL_INFOW* info) {
  StartWinsock();
  int length = sizeof(*info);
  return Checked(getsockopt(ToSocket(fd), SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(info), &length));
}

SOCKET FromInfo(WSAPROTOCOL_INFOW* info) {
  constexpr DWORD kFlags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
  return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, kFlags);
}

// Options that are a whole number of four bytes in Python, and of which Windows writes one byte.
int64_t TimeLimit(Fd fd, int name) {
  DWORD limit_ms = 0;
  int length = sizeof(limit_ms);
  const int result = Checked(getsockopt(ToSocket(fd), SOL_SOCKET, name, reinterpret_cast<char*>(&limit_ms), &length));
  return result < 0 ? result : int64_t{limit_ms} * 1000;
}

}  // namespace

int Socket(int family, int type, int protocol) {
  StartWinsock();
  return Adopt(WSASocketW(family, type, protocol, nullptr, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

namespace {

// Owns a socket until it is released.
class Owned {
 public:
  explicit Owned(Fd fd) : fd_(fd) {}
  ~Owned() {
    if (fd_ >= 0) Close(fd_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Fd get() const { return fd_; }
  Fd Release() {
    const Fd fd = fd_;
    fd_ = kNoFd;
    return fd;
  }

 private:
  Fd fd_;
};

struct Endpoint {
  SOCKADDR_STORAGE address = {};
  uint32_t length = sizeof(address);

  bool operator==(const Endpoint& other) const {
    return length == other.length && memcmp(&address, &other.address, length) == 0;
  }
};

// Whether the two ends of a pair are each other's peers: any program of this machine may connect to the listener first.
int IsPair(Fd one, Fd other) {
  Endpoint name, peer;
  const int named = GetSockName(one, &name.address, &name.length);
  if (named < 0) return named;
  const int told = GetPeerName(other, &peer.address, &peer.length);
  if (told < 0) return told;
  return name == peer ? 1 : 0;
}

constexpr int kPairMs = 10000;

int Loopback(int family, Endpoint* endpoint) {
  if (family == AF_INET) {
    auto* address = reinterpret_cast<SOCKADDR_IN*>(&endpoint->address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    endpoint->length = sizeof(*address);
    return 0;
  }
  if (family != AF_INET6) return -WSAEAFNOSUPPORT;
  auto* address = reinterpret_cast<SOCKADDR_IN6*>(&endpoint->address);
  address->sin6_family = AF_INET6;
  address->sin6_addr = in6addr_loopback;
  endpoint->length = sizeof(*address);
  return 0;
}

}  // namespace

// As CPython makes it: a connection over the loopback interface.
int SocketPair(int family, int type, int protocol, Fd pair[2]) {
  if (type != SOCK_STREAM || protocol != 0) return -WSAEOPNOTSUPP;
  Endpoint place;
  int result = Loopback(family, &place);
  if (result < 0) return result;
  const Owned listener(Socket(family, type, protocol));
  if (listener.get() < 0) return listener.get();
  result = Bind(listener.get(), &place.address, place.length);
  if (result == 0) result = Listen(listener.get(), 1);
  Endpoint bound;
  if (result == 0) result = GetSockName(listener.get(), &bound.address, &bound.length);
  if (result < 0) return result;
  Owned client(Socket(family, type, protocol));
  if (client.get() < 0) return client.get();
  result = Connect(client.get(), &bound.address, bound.length, kOnce);
  if (result < 0 && result != kInProgress) return result;
  Endpoint peer;
  Owned server(Accept(listener.get(), &peer.address, &peer.length, kPairMs));
  if (server.get() < 0) return server.get() == kNotReady ? -WSAETIMEDOUT : server.get();
  result = WaitReady(client.get(), Direction::kWriting, kPairMs);
  if (result == 0) result = IsPair(client.get(), server.get());
  if (result < 0) return result == kNotReady ? -WSAETIMEDOUT : result;
  if (result == 0) return -WSAECONNABORTED;
  pair[0] = server.Release();
  pair[1] = client.Release();
  return 0;
}

int Accept(Fd fd, void* address, uint32_t* length, int wait) {
  const uint32_t room = *length;
  return CallWaiting(fd, Direction::kReading, wait, [=] {
    int size = ToLength(room);
    const int accepted = Adopt(accept(ToSocket(fd), ToAddress(address), &size));
    *length = static_cast<uint32_t>(size);
    return accepted;
  });
}

int Connect(Fd fd, const void* address, uint32_t length, int) {
  return Checked(connect(ToSocket(fd), ToAddress(address), ToLength(length)));
}

int Bind(Fd fd, const void* address, uint32_t length) {
  return Checked(bind(ToSocket(fd), ToAddress(address), ToLength(length)));
}

int Listen(Fd fd, int backlog) { return Checked(listen(ToSocket(fd), backlog)); }

int Shutdown(Fd fd, int how) { return Checked(shutdown(ToSocket(fd), how)); }

int GetSockName(Fd fd, void* address, uint32_t* length) {
  int size = ToLength(*length);
  const int result = Checked(getsockname(ToSocket(fd), ToAddress(address), &size));
  *length = static_cast<uint32_t>(size);
  return result;
}

int GetPeerName(Fd fd, void* address, uint32_t* length) {
  int size = ToLength(*length);
  const int result = Checked(getpeername(ToSocket(fd), ToAddress(address), &size));
  *length = static_cast<uint32_t>(size);
  return result;
}

int Describe(Fd fd, int* family, int* type, int* protocol) {
  WSAPROTOCOL_INFOW info;
  const int result = ProtocolInfo(fd, &info);
  if (result < 0) return result;
  *family = info.iAddressFamily;
  *type = info.iSocketType;
  *protocol = info.iProtocol;
  return SetNonblocking(fd, true);
}

int Close(Fd fd) {
  ForgetInPollers(fd);
  return Checked(closesocket(ToSocket(fd)));
}

int Abort(Fd fd) {
  const struct linger at_once = {1, 0};
  SetSockOpt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  return Close(fd);
}

int Duplicate(Fd fd) {
  StartWinsock();
  WSAPROTOCOL_INFOW info;
  const int result = Checked(WSADuplicateSocketW(ToSocket(fd), GetCurrentProcessId(), &info));
  return result < 0 ? result : Adopt(FromInfo(&info));
}

int GetInheritable(Fd fd) {
  DWORD flags = 0;
  if (!GetHandleInformation(reinterpret_cast<HANDLE>(ToSocket(fd)), &flags)) return SystemError(GetLastError());
  return (flags & HANDLE_FLAG_INHERIT) != 0;
}

int SetInheritable(Fd fd, bool inheritable) {
  const DWORD flags = inheritable ? HANDLE_FLAG_INHERIT : 0;
  const bool done = SetHandleInformation(reinterpret_cast<HANDLE>(ToSocket(fd)), HANDLE_FLAG_INHERIT, flags);
  return done ? 0 : SystemError(GetLastError());
}

// What JavaScript calls a blocking socket is nonblocking too: see win.h.
int SetNonblocking(Fd fd, bool) {
  StartWinsock();
  u_long on = 1;
  return Checked(ioctlsocket(ToSocket(fd), FIONBIO, &on));
}

int AtMark(Fd fd) {
  u_long at_mark = 0;
  const int result = Checked(ioctlsocket(ToSocket(fd), SIOCATMARK, &at_mark));
  // Windows says whether everything urgent has been read.
  return result < 0 ? result : at_mark == 0;
}

int64_t WaitLimit(Fd fd, bool sending) { return TimeLimit(fd, sending ? SO_SNDTIMEO : SO_RCVTIMEO); }

bool SleepsWithoutEnd(Fd fd, bool sending) { return WaitLimit(fd, sending) == 0; }

int GetSockOpt(Fd fd, int level, int name, void* value, uint32_t* length) {
  int size = ToLength(*length);
  const int result = Checked(getsockopt(ToSocket(fd), level, name, static_cast<char*>(value), &size));
  *length = static_cast<uint32_t>(size);
  return result;
}

int SetSockOpt(Fd fd, int level, int name, const void* value, uint32_t length) {
  // As CPython: the option that other systems have is a command here, of whatever level.
  if (static_cast<DWORD>(name) == SIO_TCP_SET_ACK_FREQUENCY) {
    DWORD returned = 0;
    void* const given = const_cast<void*>(value);
    return Checked(
        WSAIoctl(ToSocket(fd), SIO_TCP_SET_ACK_FREQUENCY, given, length, nullptr, 0, &returned, nullptr, nullptr));
  }
  return Checked(setsockopt(ToSocket(fd), level, name, static_cast<const char*>(value), ToLength(length)));
}

// ---- what Windows alone has

static_assert(sizeof(WSAPROTOCOL_INFOW) == kShareSize);

int Share(Fd fd, uint32_t process, uint8_t info[kShareSize]) {
  WSAPROTOCOL_INFOW told;
  const int result = Checked(WSADuplicateSocketW(ToSocket(fd), process, &told));
  if (result == 0) memcpy(info, &told, sizeof(told));
  return result;
}

int FromShare(const uint8_t info[kShareSize], int* family, int* type, int* protocol) {
  StartWinsock();
  WSAPROTOCOL_INFOW told;
  memcpy(&told, info, sizeof(told));
  const int fd = Adopt(FromInfo(&told));
  if (fd < 0) return fd;
  *family = told.iAddressFamily;
  *type = told.iSocketType;
  *protocol = told.iProtocol;
  return fd;
}

int Control(Fd fd, uint32_t command, const void* in, uint32_t in_length) {
  DWORD got = 0;
  return Checked(WSAIoctl(ToSocket(fd), command, const_cast<void*>(in), in_length, nullptr, 0, &got, nullptr, nullptr));
}

}  // namespace berkeley::os
