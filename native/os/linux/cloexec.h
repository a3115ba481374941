// What the files of linux/ share about MSG_CMSG_CLOEXEC.
#ifndef BERKELEY_OS_LINUX_CLOEXEC_H_
#define BERKELEY_OS_LINUX_CLOEXEC_H_

#include "../posix/posix.h"

namespace berkeley::os {

// Whether `result` is what sockets of some families (packet) say to the flag. Descriptors come over AF_UNIX alone.
bool RefusesCloexec(Fd fd, int64_t result);

// The flags of a message as the caller should see them. Linux reports MSG_CMSG_CLOEXEC back, asked for or not.
inline int WithoutCloexec(int message_flags, int asked) { return message_flags & ~(MSG_CMSG_CLOEXEC & ~asked); }

}  // namespace berkeley::os

#endif  // BERKELEY_OS_LINUX_CLOEXEC_H_
