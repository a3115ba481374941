// The POSIX ports' own types behind os.h.
#ifndef BERKELEY_OS_POSIX_OS_TYPES_H_
#define BERKELEY_OS_POSIX_OS_TYPES_H_

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>

namespace berkeley::os {

using IoVec = struct iovec;
inline IoVec MakeIoVec(void* bytes, size_t length) { return {bytes, length}; }

// The number of parts that one message may have, and the system's error for more.
#ifdef IOV_MAX
inline constexpr size_t kMaxParts = IOV_MAX;
#else
inline constexpr size_t kMaxParts = 1024;  // the number on every system that does not define the name
#endif
inline constexpr int kTooManyParts = -EMSGSIZE;

// This system's codes for errors that the files for all systems return, or that JavaScript has to know.
inline constexpr int kBadFd = -EBADF;
inline constexpr int kInvalid = -EINVAL;
inline constexpr int kNoMemory = -ENOMEM;
inline constexpr int kWouldBlock = -EWOULDBLOCK;
inline constexpr int kCanceled = -ECANCELED;
inline constexpr int kNoBuffers = -ENOBUFS;
inline constexpr int kBusy = -EBUSY;
inline constexpr int kTimeExpired = -ETIMEDOUT;
inline constexpr int kInProgress = -EINPROGRESS;  // what connect(2) returns when the connection goes on

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_OS_TYPES_H_
