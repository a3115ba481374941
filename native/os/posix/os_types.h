// The POSIX ports' own types behind os.h.
#ifndef BERKELEY_OS_POSIX_OS_TYPES_H_
#define BERKELEY_OS_POSIX_OS_TYPES_H_

#include <sys/socket.h>
#include <sys/uio.h>

namespace berkeley::os {

using IoVec = struct iovec;
inline IoVec MakeIoVec(void* bytes, size_t length) { return {bytes, length}; }

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_OS_TYPES_H_
