// The system calls of the hot paths, made directly. In the C library they are cancellation points, which costs a process
// with threads two atomic operations a call (pthreads(7)); nobody cancels a thread of ours. A sanitizer wants the
// library's, whose buffers it checks.
#ifndef BERKELEY_OS_LINUX_SYSTEM_CALLS_H_
#define BERKELEY_OS_LINUX_SYSTEM_CALLS_H_

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace berkeley::os {

#ifdef __SANITIZE_ADDRESS__

inline ssize_t CallRecv(int fd, void* bytes, size_t length, int flags) { return recv(fd, bytes, length, flags); }
inline ssize_t CallSend(int fd, const void* bytes, size_t length, int flags) { return send(fd, bytes, length, flags); }
inline int CallEpollWait(int poller, struct epoll_event* found, int capacity, int timeout_ms) {
  return epoll_wait(poller, found, capacity, timeout_ms);
}

#else

inline ssize_t CallRecv(int fd, void* bytes, size_t length, int flags) {
  return syscall(SYS_recvfrom, fd, bytes, length, flags, nullptr, nullptr);
}
inline ssize_t CallSend(int fd, const void* bytes, size_t length, int flags) {
  return syscall(SYS_sendto, fd, bytes, length, flags, nullptr, 0);
}
// Not every architecture has epoll_wait. A null mask leaves the signals as they are.
inline int CallEpollWait(int poller, struct epoll_event* found, int capacity, int timeout_ms) {
  return static_cast<int>(syscall(SYS_epoll_pwait, poller, found, capacity, timeout_ms, nullptr, 0));
}

#endif

}  // namespace berkeley::os

#endif  // BERKELEY_OS_LINUX_SYSTEM_CALLS_H_
