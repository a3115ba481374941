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
//   * EINTR is handed up like any other error, for the one wait loop above to deal with. Close alone swallows it.
//   * "bounded" means: does not sleep in the kernel, whatever the descriptor's blocking mode. What may sleep says so.
//   * Calls with a `wait` are as patient as that says:
//       kOnce     bounded: -EAGAIN where it would have to wait
//       kSleep    sleeps in the kernel, unless the descriptor is nonblocking (-EAGAIN). After two ticks at most it ends
//       with
//                 -EINTR, or with what it has done by then, which SleepEnded() tells from less that was not its fault
//                 (system/sleep.h)
//       ms > 0    first waits for readiness, for at most so long (then kNotReady); the rest is as kOnce
//   * No call raises SIGPIPE, and every descriptor that one creates is close-on-exec and belongs to the caller.
#ifndef BERKELEY_OS_OS_H_
#define BERKELEY_OS_OS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "os_types.h"  // the port's own: sockaddr and its kin, IoVec, static checks of PollEntry

namespace berkeley::os {

// A descriptor. Windows' SOCKET handles fit too: the system promises that they stay below 2^31.
using Fd = int;
inline constexpr Fd kNoFd = -1;

// What a call that waits for readiness returns if there was none in time.
inline constexpr int kNotReady = -50000;

inline constexpr int kResolverBase = -100000;
inline constexpr int kResolverSpan = 20000;  // no EAI_* is larger, on either side of 0
inline constexpr int kHostBase = -200000;

// ---- descriptors ---------------------------------------------------------------------------------------------------

// socket(2). Bounded.
int Socket(int family, int type, int protocol);
// socketpair(2). Bounded. On success pair[0] and pair[1] are the caller's.
int SocketPair(int family, int type, int protocol, Fd pair[2]);
// accept(2). The new descriptor blocks. The peer's address goes to `address` (`*length` is its room before, its size
// after).
int Accept(Fd fd, void* address, uint32_t* length, int wait);
// connect(2), with kOnce or kSleep. -EINPROGRESS: the connection goes on; wait for writability, then read SO_ERROR.
// After -EINTR the same call waits for the same connection. -EAGAIN: the queue of a Unix-domain listener is full.
int Connect(Fd fd, const void* address, uint32_t length, int wait);
int Bind(Fd fd, const void* address, uint32_t length);
int Listen(Fd fd, int backlog);
int Shutdown(Fd fd, int how);
int GetSockName(Fd fd, void* address, uint32_t* length);
int GetPeerName(Fd fd, void* address, uint32_t* length);
// What a socket is. Each is a negative code where the system does not tell (AF_ALG has no name). -ENOTSOCK, -EBADF.
int Describe(Fd fd, int* family, int* type, int* protocol);
// close(2). The descriptor is gone whatever is returned; an interrupted close is a success. May sleep for SO_LINGER.
int Close(Fd fd);
// Close that discards what a connection has not sent yet, and resets it.
int Abort(Fd fd);
int Duplicate(Fd fd);
int GetInheritable(Fd fd);  // 0 or 1
int SetInheritable(Fd fd, bool inheritable);
int SetNonblocking(Fd fd, bool nonblocking);

// ---- options -------------------------------------------------------------------------------------------------------

// getsockopt(2). `*length` is the room before, the size after.
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
  void* address = nullptr;      // nullptr: none given, or not wanted
  uint32_t address_length = 0;  // room before a receive, size after
  void* control = nullptr;
  size_t control_length = 0;  // likewise
  int flags = 0;              // after a receive: MSG_TRUNC, MSG_CTRUNC …
};
// Descriptors that arrive are close-on-exec.
int64_t RecvMsg(Fd fd, Message* message, int flags, int wait);
int64_t SendMsg(Fd fd, const Message& message, int flags, int wait);

// Many messages in flat memory: message i has `room` bytes from bytes + i * room, an address of at most `address_room`
// bytes and ancillary data of at most `control_room` bytes, likewise. The sizes and flags are arrays, an element a
// message; they are checked before they are read: one that exceeds its room is -EINVAL.
struct Batch {
  uint8_t* bytes = nullptr;
  size_t room = 0;
  uint8_t* addresses = nullptr;
  size_t address_room = 0;  // 0: none wanted, none given
  uint8_t* control = nullptr;
  size_t control_room = 0;     // likewise
  int32_t* lengths = nullptr;  // in bytes; with MSG_TRUNC, what a message had, be it more than its room
  int32_t* address_lengths = nullptr;
  int32_t* control_lengths = nullptr;
  int32_t* flags = nullptr;  // of each message received: MSG_TRUNC, MSG_CTRUNC …
};
inline constexpr size_t kMaxBatch = 1024;
// Receives or sends messages `start` to `end` (end - start at most kMaxBatch): how many. With kSleep, receiving waits
// for the first message and takes what else is there; sending waits for all. A negative code only if it was none. Where
// the system has a call for many and `one_by_one` is false, it is one call.
int RecvBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait);
int SendBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait);

// From now on SendZerocopy may be called on fd. -EALREADY if so it was before: then somebody else counts its sends.
// -EOPNOTSUPP (or the like) where the system or the family has no such thing.
int EnableZerocopy(Fd fd);
// As SendTo, or as Send if `address` is null. The system goes on reading `bytes` after the return, until an entry of
// the socket's error queue says that it has done; calls that returned more than 0 are numbered there, from 0 on.
int64_t SendZerocopy(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
                     int wait);

// Up to `count` bytes of the file `file`, from `offset`, into the socket, without a copy through this process.
// -ENOTSOCK, -EINVAL or -ENOSYS where the system cannot: the caller then reads and sends. May besides wait for the disk
// that `file` lies on.
int64_t SendFile(Fd socket, Fd file, int64_t offset, size_t count, int wait);

// ---- waiting -------------------------------------------------------------------------------------------------------

inline constexpr int kOnce = 0;
inline constexpr int kSleep = -1;

// One entry of Poll, laid out for JavaScript to fill in place: fd (negative: skip), events asked, events found.
struct PollEntry {
  int32_t fd;
  int16_t events;
  int16_t revents;
};
// poll(2). Sleeps for at most timeout_ms. The number of entries with revents, 0 at the timeout.
int Poll(PollEntry* entries, size_t count, int timeout_ms);
// sockatmark(3): 1 if what is read next from a TCP stream is urgent data, or what follows it.
int AtMark(Fd fd);
// How long the system lets a call on this socket sleep where it may (SO_RCVTIMEO, SO_SNDTIMEO), in µs; 0: without end.
int64_t WaitLimit(Fd fd, bool sending);
// Whether a call on fd would sleep for as long as it takes: the descriptor blocks, and has no such limit.
bool SleepsWithoutEnd(Fd fd, bool sending);

// ---- names and addresses -------------------------------------------------------------------------------------------

struct AddressInfo {
  int family, type, protocol;
  std::string canonical_name;
  std::vector<uint8_t> address;  // a sockaddr
};
// getaddrinfo(3). May sleep for as long as the system's resolver does. host or service may be null.
int GetAddrInfo(const char* host, const char* service, int family, int type, int protocol, int flags,
                std::vector<AddressInfo>* found);
// getnameinfo(3). May sleep likewise.
int GetNameInfo(const void* address, uint32_t length, int flags, std::string* host, std::string* service);

struct HostEntry {
  std::string name;
  std::vector<std::string> aliases;
  int family = 0;
  std::vector<std::vector<uint8_t>> addresses;  // 4 or 16 bytes each
};
// gethostbyname(3), gethostbyaddr(3), reentrant. May sleep likewise.
int GetHostByName(const char* name, HostEntry* entry);
int GetHostByAddr(const void* address, size_t length, int family, HostEntry* entry);
int GetHostName(std::string* name);
int SetHostName(const char* name, size_t length);
// getservbyname(3) and kin. A port (host byte order), a protocol number, or -ENOENT. protocol may be null.
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

// inet_pton(3), inet_ntop(3), inet_aton(3). Pton: the size written (4 or 16), -EINVAL for text that is no address,
// -EAFNOSUPPORT. Aton takes the short and hexadecimal forms too.
int InetPton(int family, const char* text, uint8_t out[16]);
int InetNtop(int family, const uint8_t* bytes, std::string* text);
int InetAton(const char* text, uint8_t out[4]);

// ---- texts ---------------------------------------------------------------------------------------------------------

std::string ErrorText(int error);      // strerror(3), of a positive error number
std::string ResolverText(int eai);     // gai_strerror(3)
std::string HostText(int host_error);  // hstrerror(3)

}  // namespace berkeley::os

#endif  // BERKELEY_OS_OS_H_
