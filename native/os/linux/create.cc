// Linux creates descriptors that are close-on-exec with one call.
#include <sys/socket.h>

#include "cloexec.h"

namespace berkeley::os {

int Socket(int family, int type, int protocol) { return Checked(socket(family, type | SOCK_CLOEXEC, protocol)); }

int SocketPair(int family, int type, int protocol, Fd pair[2]) {
  return Checked(socketpair(family, type | SOCK_CLOEXEC, protocol, pair));
}

int AcceptCloexec(Fd fd, void* address, uint32_t* length) {
  return Checked(accept4(fd, static_cast<struct sockaddr*>(address), length, SOCK_CLOEXEC));
}

bool RefusesCloexec(Fd fd, int64_t result) {
  if (result != -EINVAL) return false;
  int domain = AF_UNIX;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain != AF_UNIX;
}

int64_t RecvMsgCloexec(Fd fd, struct msghdr* header, int flags) {
  int64_t result = Checked(recvmsg(fd, header, flags | MSG_CMSG_CLOEXEC));
  if (RefusesCloexec(fd, result)) result = Checked(recvmsg(fd, header, flags));
  if (result >= 0) header->msg_flags = WithoutCloexec(header->msg_flags, flags);
  return result;
}

}  // namespace berkeley::os
