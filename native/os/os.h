// The operating system, as the rest of berkeley sees it.
//
// Every port supplies this whole contract, in files that are compiled for that port alone (binding.gyp chooses them):
//   posix/  what POSIX systems share       linux/  what only Linux does, or does its own way
//   bsd/    macOS and the BSDs             win/    Winsock
//
// Rules that hold for every function here:
//   * It returns a value >= 0, or a negative error code. It never throws and never prints.
//       -1 .. -19999         the system's own error number, negated (-ECONNREFUSED; Windows' numbers go to 11031)
//       kResolverBase + eai  getaddrinfo's or getnameinfo's code (EAI_*), which may be negative
//       kHostBase - h        gethostby*'s h_errno
//   * EINTR is returned like any other error, to the one wait loop above. Close alone takes it for success.
//   * A "bounded" call does not sleep in the kernel, whatever the descriptor's blocking mode. The comment of a call
//   says
//     if it may sleep.
//   * The argument `wait` says how patient a call is:
//       kOnce     The call is bounded, and returns -EAGAIN where it would have to wait.
//       kSleep    The call sleeps in the kernel, or returns -EAGAIN if the descriptor is nonblocking. A sleep ends
//       after
//                 two ticks at most: with -EINTR, or with a part of the work, which SleepEnded() (system/sleep.h) tells
//                 from a part that the kernel returned by itself.
//       ms > 0    The call waits for readiness for so long, or returns kNotReady. After that it is as with kOnce.
//   * No call raises SIGPIPE, and every descriptor that one creates is close-on-exec and belongs to the caller.
#ifndef BERKELEY_OS_OS_H_
#define BERKELEY_OS_OS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "os_types.h"  // the port's own: sockaddr and its kin, IoVec, static checks of PollEntry

namespace berkeley::os {

// A descriptor. A SOCKET of Windows fits too, because the system promises handles below 2^31.
using Fd = int;
inline constexpr Fd kNoFd = -1;

// The result of a call whose descriptor did not become ready in time.
inline constexpr int kNotReady = -50000;

inline constexpr int kResolverBase = -100000;
inline constexpr int kResolverSpan = 20000;  // no EAI_* is larger, on either side of 0
inline constexpr int kHostBase = -200000;

// ---- descriptors ---------------------------------------------------------------------------------------------------

// socket(2). Bounded.
int Socket(int family, int type, int protocol);
// socketpair(2). Bounded. On success pair[0] and pair[1] are the caller's.
int SocketPair(int family, int type, int protocol, Fd pair[2]);
// accept(2). The new descriptor blocks. The peer's address is written to `address`; `*length` is the room there before
// the call, and the size of the address after it.
int Accept(Fd fd, void* address, uint32_t* length, int wait);
// connect(2), with kOnce or kSleep. After -EINPROGRESS the connection goes on: it is decided when the descriptor is
// writable, and SO_ERROR has the result. After -EINTR the same call waits for the same connection. -EAGAIN means that
// the queue of a Unix-domain listener is full.
int Connect(Fd fd, const void* address, uint32_t length, int wait);
int Bind(Fd fd, const void* address, uint32_t length);
int Listen(Fd fd, int backlog);
int Shutdown(Fd fd, int how);
int GetSockName(Fd fd, void* address, uint32_t* length);
int GetPeerName(Fd fd, void* address, uint32_t* length);
// Finds out what a socket is. A value that the system does not tell is a negative code (an AF_ALG socket has no name).
// Returns 0, -ENOTSOCK or -EBADF.
int Describe(Fd fd, int* family, int* type, int* protocol);
// close(2). The descriptor is closed whatever is returned, and an interrupted close is a success. May sleep, for as
// long as SO_LINGER says.
int Close(Fd fd);
// Closes a connection's descriptor with a reset, so that bytes which are not sent yet are discarded.
int Abort(Fd fd);
int Duplicate(Fd fd);
int GetInheritable(Fd fd);  // 0 or 1
int SetInheritable(Fd fd, bool inheritable);
int SetNonblocking(Fd fd, bool nonblocking);

// ---- options -------------------------------------------------------------------------------------------------------

// getsockopt(2). `*length` is the room at `value` before the call, and the size of the value after it.
int GetSockOpt(Fd fd, int level, int name, void* value, uint32_t* length);
int SetSockOpt(Fd fd, int level, int name, const void* value, uint32_t length);

// ---- data ----------------------------------------------------------------------------------------------------------

int64_t Recv(Fd fd, void* bytes, size_t length, int flags, int wait);
int64_t Send(Fd fd, const void* bytes, size_t length, int flags, int wait);
int64_t RecvFrom(Fd fd, void* bytes, size_t length, int flags, void* address, uint32_t* address_length, int wait);
int64_t SendTo(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
               int wait);

// One message with ancillary data. IoVec is the port's scatter-gather element (os_types.h).
struct Message {
  IoVec* parts = nullptr;
  size_t part_count = 0;
  void* address = nullptr;      // nullptr: the message is sent without one, or received without asking for it
  uint32_t address_length = 0;  // the room before a receive, and the size after it
  void* control = nullptr;
  size_t control_length = 0;  // the room before a receive, and the size after it
  int flags = 0;              // set by a receive: MSG_TRUNC, MSG_CTRUNC …
};
// recvmsg(2). Descriptors that arrive are close-on-exec.
int64_t RecvMsg(Fd fd, Message* message, int flags, int wait);
int64_t SendMsg(Fd fd, const Message& message, int flags, int wait);

// Many messages in flat memory. Message i has `room` bytes from bytes + i * room on. Its address (at most
// `address_room` bytes) and its ancillary data (at most `control_room` bytes) lie in the same way in arrays of their
// own. The arrays of sizes and flags have one element for each message. A size that exceeds its room is refused with
// -EINVAL.
struct Batch {
  uint8_t* bytes = nullptr;
  size_t room = 0;
  uint8_t* addresses = nullptr;
  size_t address_room = 0;  // 0: messages have no addresses
  uint8_t* control = nullptr;
  size_t control_room = 0;  // likewise
  int32_t* lengths =
      nullptr;  // in bytes; with MSG_TRUNC, the length that a message had, even if it is more than `room`
  int32_t* address_lengths = nullptr;
  int32_t* control_lengths = nullptr;
  int32_t* flags = nullptr;  // of each message received: MSG_TRUNC, MSG_CTRUNC …
};
inline constexpr size_t kMaxBatch = 1024;
// Both receive or send the messages from `start` to `end` (end - start is at most kMaxBatch), and return how many they
// have done, or a negative code if that is none. With kSleep, receiving waits for the first message and takes those
// that are there besides; sending waits for all. `one_by_one` has them make a system call for each message, where the
// system has one for many.
int RecvBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait);
int SendBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait);

// Allows SendZerocopy on fd. -EALREADY: it is allowed already, and somebody else counts the sends. -EOPNOTSUPP or a
// similar error: the system or the address family has no sends without a copy.
int EnableZerocopy(Fd fd);
// Sends as SendTo does, or as Send if `address` is null. The system goes on reading `bytes` after the call, until an
// entry of the socket's error queue reports it done. That queue numbers the calls that returned more than 0, from 0 on.
int64_t SendZerocopy(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
                     int wait);

// Sends up to `count` bytes of `file`, from `offset` on, without a copy through this process. Returns -ENOTSOCK,
// -EINVAL or -ENOSYS if the system cannot do that for this file and socket; the caller then reads and sends. May also
// wait for the disk of `file`.
int64_t SendFile(Fd socket, Fd file, int64_t offset, size_t count, int wait);

// ---- waiting -------------------------------------------------------------------------------------------------------

inline constexpr int kOnce = 0;
inline constexpr int kSleep = -1;

// An entry of Poll. JavaScript fills it in place: the descriptor (a negative one is skipped), the events asked for, and
// those found.
struct PollEntry {
  int32_t fd;
  int16_t events;
  int16_t revents;
};
// poll(2). Sleeps for at most timeout_ms. Returns the number of entries with revents, 0 after timeout_ms.
int Poll(PollEntry* entries, size_t count, int timeout_ms);
// sockatmark(3). 1: the next byte of the stream is the urgent one, or the one behind it.
int AtMark(Fd fd);
// Returns the limit that SO_RCVTIMEO or SO_SNDTIMEO sets for the sleep of a call on this socket, in µs. 0: there is
// none.
int64_t WaitLimit(Fd fd, bool sending);
// Whether a call on fd may sleep without end: the descriptor blocks, and WaitLimit is 0.
bool SleepsWithoutEnd(Fd fd, bool sending);

// ---- names and addresses -------------------------------------------------------------------------------------------

struct AddressInfo {
  int family, type, protocol;
  std::string canonical_name;
  std::vector<uint8_t> address;  // a sockaddr
};
// getaddrinfo(3). May sleep, for as long as the system's resolver takes. `host` or `service` may be null.
int GetAddrInfo(const char* host, const char* service, int family, int type, int protocol, int flags,
                std::vector<AddressInfo>* found);
// getnameinfo(3). May sleep, as GetAddrInfo does.
int GetNameInfo(const void* address, uint32_t length, int flags, std::string* host, std::string* service);

struct HostEntry {
  std::string name;
  std::vector<std::string> aliases;
  int family = 0;
  std::vector<std::vector<uint8_t>> addresses;  // 4 or 16 bytes each
};
// gethostbyname(3), gethostbyaddr(3), in a reentrant form. May sleep, as GetAddrInfo does.
int GetHostByName(const char* name, HostEntry* entry);
int GetHostByAddr(const void* address, size_t length, int family, HostEntry* entry);
int GetHostName(std::string* name);
int SetHostName(const char* name, size_t length);
// getservbyname(3), getservbyport(3), getprotobyname(3). They return a port in host byte order, a name, a protocol's
// number, or -ENOENT. `protocol` may be null.
int GetServByName(const char* service, const char* protocol);
int GetServByPort(int port, const char* protocol, std::string* service);
int GetProtoByName(const char* name);

struct Interface {
  uint32_t index;
  std::string name;
};
int InterfaceNames(std::vector<Interface>* found);
int InterfaceIndex(const char* name);  // -ENODEV where there is none
int InterfaceName(uint32_t index, std::string* name);

// inet_pton(3), inet_ntop(3), inet_aton(3). InetPton returns the size that it has written (4 or 16), -EINVAL for a text
// that is no address, or -EAFNOSUPPORT. InetAton takes the short and hexadecimal forms too.
int InetPton(int family, const char* text, uint8_t out[16]);
int InetNtop(int family, const uint8_t* bytes, std::string* text);
int InetAton(const char* text, uint8_t out[4]);

// ---- texts ---------------------------------------------------------------------------------------------------------

std::string ErrorText(int error);      // strerror(3), of a positive error number
std::string ResolverText(int eai);     // gai_strerror(3)
std::string HostText(int host_error);  // hstrerror(3)

}  // namespace berkeley::os

#endif  // BERKELEY_OS_OS_H_
