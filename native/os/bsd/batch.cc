// Batches are made message by message. FreeBSD's recvmmsg(3) is such a loop in the C library, macOS has none; NetBSD
// and OpenBSD have system calls for it, which would save something there.
#include "../common/batch.h"

namespace berkeley::os {

int RecvBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool, int wait) {
  return RecvOneByOne(fd, batch, start, end, flags, wait);
}

int SendBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool, int wait) {
  return SendOneByOne(fd, batch, start, end, flags, wait);
}

}  // namespace berkeley::os
