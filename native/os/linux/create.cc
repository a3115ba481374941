// Descriptors that are born close-on-exec, in one call.
#include <sys/socket.h>

#include "../posix/posix.h"

namespace berkeley::os {

int Socket(int family, int type, int protocol) { return Checked(socket(family, type | SOCK_CLOEXEC, protocol)); }

int SocketPair(int family, int type, int protocol, Fd pair[2]) {
  return Checked(socketpair(family, type | SOCK_CLOEXEC, protocol, pair));
}

int AcceptCloexec(Fd fd, void* address, uint32_t* length) {
  return Checked(accept4(fd, static_cast<struct sockaddr*>(address), length, SOCK_CLOEXEC));
}

}  // namespace berkeley::os
