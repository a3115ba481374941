// The system calls of the hot paths. In glibc they are cancellation points, which costs a process with threads two
// atomic operations a call (pthreads(7)); nobody cancels a thread of ours, so on Linux they are made directly. A
// sanitizer wants the C library's, whose buffers it checks.
#ifndef BERKELEY_SYSTEM_CALLS_H_
#define BERKELEY_SYSTEM_CALLS_H_

#include <sys/socket.h>
#include <sys/types.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace berkeley::system_calls {

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)

inline ssize_t Recv(int fd, void* bytes, size_t length, int flags) {
  return syscall(SYS_recvfrom, fd, bytes, length, flags, nullptr, nullptr);
}
inline ssize_t Send(int fd, const void* bytes, size_t length, int flags) {
  return syscall(SYS_sendto, fd, bytes, length, flags, nullptr, 0);
}
// Not every architecture has epoll_wait. A null mask leaves the signals as they are.
inline int EpollWait(int poller, struct epoll_event* found, int capacity, int timeout_ms) {
  return static_cast<int>(syscall(SYS_epoll_pwait, poller, found, capacity, timeout_ms, nullptr, 0));
}

#else

inline ssize_t Recv(int fd, void* bytes, size_t length, int flags) { return recv(fd, bytes, length, flags); }
inline ssize_t Send(int fd, const void* bytes, size_t length, int flags) { return send(fd, bytes, length, flags); }
#ifdef __linux__
inline int EpollWait(int poller, struct epoll_event* found, int capacity, int timeout_ms) {
  return epoll_wait(poller, found, capacity, timeout_ms);
}
#endif

#endif

}  // namespace berkeley::system_calls

#endif  // BERKELEY_SYSTEM_CALLS_H_
