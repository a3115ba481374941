// MSG_ZEROCOPY: the kernel's Documentation/networking/msg_zerocopy.rst.
#include <mutex>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

// Of two threads that enable SO_ZEROCOPY on one socket at the same time, one has to be refused.
std::mutex enabling;

}  // namespace

int EnableZerocopy(Fd fd) {
  const std::lock_guard<std::mutex> lock(enabling);
  int value = 0;
  uint32_t length = sizeof(value);
  const int asked = GetSockOpt(fd, SOL_SOCKET, SO_ZEROCOPY, &value, &length);
  if (asked < 0) return asked;
  if (value != 0) return -EALREADY;
  value = 1;
  return SetSockOpt(fd, SOL_SOCKET, SO_ZEROCOPY, &value, sizeof(value));
}

int64_t SendZerocopy(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
                     int wait) {
  return SendTo(fd, bytes, length, flags | MSG_ZEROCOPY, address, address_length, wait);
}

}  // namespace berkeley::os
