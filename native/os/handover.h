// What Windows alone has: sockets handed over to another process, and ioctl.
#ifndef BERKELEY_OS_HANDOVER_H_
#define BERKELEY_OS_HANDOVER_H_

#include "os.h"

namespace berkeley::os {

inline constexpr size_t kShareSize = 628;

// Fills in what the process of that number needs to make a socket of its own for what `fd` stands for.
int Share(Fd fd, uint32_t process, uint8_t info[kShareSize]);
// A new socket for what another process has shared with this one, and what it is.
int FromShare(const uint8_t info[kShareSize], int* family, int* type, int* protocol);
// WSAIoctl with a command that returns nothing.
int Control(Fd fd, uint32_t command, const void* in, uint32_t in_length);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_HANDOVER_H_
