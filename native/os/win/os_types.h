// Windows' own types behind os.h.
#ifndef BERKELEY_OS_WIN_OS_TYPES_H_
#define BERKELEY_OS_WIN_OS_TYPES_H_

#include <winsock2.h>

#include <ws2tcpip.h>

#include <cerrno>
#include <cstddef>

namespace berkeley::os {

using IoVec = WSABUF;
inline IoVec MakeIoVec(void* bytes, size_t length) { return {static_cast<ULONG>(length), static_cast<char*>(bytes)}; }

// The number of parts that one message may have, which is ours: Windows names none.
inline constexpr size_t kMaxParts = 1024;
inline constexpr int kTooManyParts = -WSAEMSGSIZE;

// This system's codes for errors that the files for all systems return, or that JavaScript has to know.
inline constexpr int kBadFd = -WSAENOTSOCK;
inline constexpr int kInvalid = -EINVAL;
inline constexpr int kNoMemory = -ENOMEM;
inline constexpr int kWouldBlock = -WSAEWOULDBLOCK;
inline constexpr int kCanceled = -ECANCELED;
inline constexpr int kNoBuffers = -WSAENOBUFS;
inline constexpr int kBusy = -EBUSY;
inline constexpr int kTimeExpired = -WSAETIMEDOUT;
inline constexpr int kInProgress = -WSAEWOULDBLOCK;  // what connect returns when the connection goes on

}  // namespace berkeley::os

#endif  // BERKELEY_OS_WIN_OS_TYPES_H_
