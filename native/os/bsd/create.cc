// Descriptors that are close-on-exec. macOS has none of the flags with which the BSDs create them so in one call.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

#ifndef SOCK_CLOEXEC
// Between the call that creates a descriptor and this one, another thread may fork and exec: macOS has no better way.
int MakeOurs(Fd fd) {
  const int result = Checked(fcntl(fd, F_SETFD, FD_CLOEXEC));
  if (result < 0) {
    Close(fd);
    return result;
  }
#ifdef SO_NOSIGPIPE
  // Older kernels do not know MSG_NOSIGNAL, and sendfile(2) has no flags. Other sockets than those of a stream refuse
  // the option, as does one whose peer has gone.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
  return fd;
}
#endif

#ifndef MSG_CMSG_CLOEXEC
void CloseOnExec(struct cmsghdr* item) {
  if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS || item->cmsg_len < CMSG_LEN(0)) return;
  const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(Fd);
  for (size_t i = 0; i < count; ++i) {
    Fd fd = kNoFd;
    std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(fd), sizeof(fd));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}
#endif

}  // namespace

#ifdef SOCK_CLOEXEC

int Socket(int family, int type, int protocol) { return Checked(socket(family, type | SOCK_CLOEXEC, protocol)); }

int SocketPair(int family, int type, int protocol, Fd pair[2]) {
  return Checked(socketpair(family, type | SOCK_CLOEXEC, protocol, pair));
}

// Unlike accept(2), accept4(2) does not hand the listener's O_NONBLOCK on.
int AcceptCloexec(Fd fd, void* address, uint32_t* length) {
  return Checked(accept4(fd, static_cast<struct sockaddr*>(address), length, SOCK_CLOEXEC));
}

#else

int Socket(int family, int type, int protocol) {
  const int fd = Checked(socket(family, type, protocol));
  return fd < 0 ? fd : MakeOurs(fd);
}

int SocketPair(int family, int type, int protocol, Fd pair[2]) {
  const int result = Checked(socketpair(family, type, protocol, pair));
  if (result < 0) return result;
  const int first = MakeOurs(pair[0]);
  const int second = MakeOurs(pair[1]);
  if (first >= 0 && second >= 0) return 0;
  if (first >= 0) Close(pair[0]);
  if (second >= 0) Close(pair[1]);
  return first < 0 ? first : second;
}

int AcceptCloexec(Fd fd, void* address, uint32_t* length) {
  const int made = Checked(accept(fd, static_cast<struct sockaddr*>(address), length));
  if (made < 0) return made;
  const int ours = MakeOurs(made);
  if (ours < 0) return ours;
  int off = 0;  // the listener's O_NONBLOCK, which it hands on
  ioctl(made, FIONBIO, &off);
  return made;
}

#endif

#ifdef MSG_CMSG_CLOEXEC

int64_t RecvMsgCloexec(Fd fd, struct msghdr* header, int flags) {
  const int64_t result = Checked(recvmsg(fd, header, flags | MSG_CMSG_CLOEXEC));
  if (result >= 0) header->msg_flags &= ~(MSG_CMSG_CLOEXEC & ~flags);
  return result;
}

#else

int64_t RecvMsgCloexec(Fd fd, struct msghdr* header, int flags) {
  const int64_t result = Checked(recvmsg(fd, header, flags));
  if (result < 0) return result;
  for (struct cmsghdr* item = CMSG_FIRSTHDR(header); item != nullptr; item = CMSG_NXTHDR(header, item)) {
    CloseOnExec(item);
  }
  return result;
}

#endif

}  // namespace berkeley::os
