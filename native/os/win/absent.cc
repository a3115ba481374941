// What Windows has no call for.
#include "../common/batch.h"
#include "win.h"

namespace berkeley::os {

int RecvBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool, int wait) {
  return RecvOneByOne(fd, batch, start, end, flags, wait);
}

int SendBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool, int wait) {
  return SendOneByOne(fd, batch, start, end, flags, wait);
}

int EnableZerocopy(Fd) { return -WSAEOPNOTSUPP; }

int64_t SendZerocopy(Fd, const void*, size_t, int, const void*, uint32_t, int) { return -WSAEOPNOTSUPP; }

// The numbers of node:fs are the C library's, and no handles that TransmitFile would take.
int64_t SendFile(Fd, Fd, int64_t, size_t, int) { return -ENOSYS; }

}  // namespace berkeley::os
