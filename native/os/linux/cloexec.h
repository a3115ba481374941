// What the files of linux/ share about MSG_CMSG_CLOEXEC.
#ifndef BERKELEY_OS_LINUX_CLOEXEC_H_
#define BERKELEY_OS_LINUX_CLOEXEC_H_

#include "../posix/posix.h"

namespace berkeley::os {

// Whether `result` says that the socket's family refuses the flag, as AF_PACKET does. Only AF_UNIX brings descriptors,
// so another family can do without the flag.
bool RefusesCloexec(Fd fd, int64_t result);

// Returns the flags of a message for the caller. Linux always reports MSG_CMSG_CLOEXEC, which the caller should see
// only if it has asked for it.
inline int WithoutCloexec(int message_flags, int asked) { return message_flags & ~(MSG_CMSG_CLOEXEC & ~asked); }

}  // namespace berkeley::os

#endif  // BERKELEY_OS_LINUX_CLOEXEC_H_
