// connect(2), as macOS and the BSDs have it.
#include "../posix/posix.h"

namespace berkeley::os {

// Of an interrupted connect(2) these systems say EALREADY when it is called again, EISCONN once the connection is made,
// and begin anew after a failure. SO_SNDTIMEO does not bound it either. Therefore the call itself never sleeps here:
// after -EINPROGRESS the caller waits until the descriptor is writable.
int Connect(Fd fd, const void* address, uint32_t length, int) {
  return Once(fd, [=] { return Checked(connect(fd, static_cast<const struct sockaddr*>(address), length)); });
}

}  // namespace berkeley::os
