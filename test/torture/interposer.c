/* Preloaded under Node.js, it lets one system call of the addon fail. The test writes into a file, which is mapped
 * here, which call that shall be, the how many-th, and how; other calls, and all calls of Node.js itself, go through.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The file: test/torture/faults.ts has the same. */
struct control {
  atomic_int armed;
  int nth;
  int fault; /* an errno; SHORT; of getaddrinfo(3) what it returns */
  atomic_int seen;
  atomic_int hit;
  char call[32];
};

enum { SHORT = 0x7fffffff };

static struct control* control;

__attribute__((constructor)) static void map_control(void) {
  const char* path = getenv("BERKELEY_FAULTS");
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) control = memory;
  close(fd);
}

/* The fault of this call, or 0: it goes through. */
static int fault_of(const char* call, const void* caller) {
  if (control == NULL || !control->armed || strcmp(control->call, call) != 0) return 0;
  Dl_info found;
  if (!dladdr(caller, &found) || strstr(found.dli_fname, "berkeley") == NULL) return 0;
  if (atomic_fetch_add(&control->seen, 1) + 1 != control->nth) return 0;
  control->hit = 1;
  return control->fault;
}

#define FAULT(call) fault_of(call, __builtin_return_address(0))

static int failed(int error) {
  errno = error;
  return -1;
}

/* The function that this one stands before. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that does nothing where it fails. */
#define FAILING(name, parameters, ...)                      \
  int name parameters {                                     \
    const int fault = FAULT(#name);                         \
    return fault ? failed(fault) : NEXT(name)(__VA_ARGS__); \
  }

FAILING(socket, (int family, int type, int protocol), family, type, protocol)
FAILING(socketpair, (int family, int type, int protocol, int fds[2]), family, type, protocol, fds)
FAILING(bind, (int fd, const struct sockaddr* address, socklen_t length), fd, address, length)
FAILING(listen, (int fd, int backlog), fd, backlog)
FAILING(accept4, (int fd, struct sockaddr* restrict address, socklen_t* restrict length, int flags), fd, address,
        length, flags)
FAILING(getsockname, (int fd, struct sockaddr* restrict address, socklen_t* restrict length), fd, address, length)
FAILING(getpeername, (int fd, struct sockaddr* restrict address, socklen_t* restrict length), fd, address, length)
FAILING(getsockopt, (int fd, int level, int name, void* restrict value, socklen_t* restrict length), fd, level, name,
        value, length)
FAILING(setsockopt, (int fd, int level, int name, const void* value, socklen_t length), fd, level, name, value, length)
FAILING(poll, (struct pollfd * fds, nfds_t count, int timeout), fds, count, timeout)
FAILING(epoll_create1, (int flags), flags)
FAILING(recvmmsg, (int fd, struct mmsghdr* messages, unsigned count, int flags, struct timespec* timeout), fd, messages,
        count, flags, timeout)
FAILING(sendmmsg, (int fd, struct mmsghdr* messages, unsigned count, int flags), fd, messages, count, flags)

/* The kernel refuses to watch one more; to watch another way, or no more, it does not refuse. */
int epoll_ctl(int poller, int operation, int fd, struct epoll_event* event) {
  const int fault = operation == EPOLL_CTL_ADD ? FAULT("epoll_ctl") : 0;
  return fault ? failed(fault) : NEXT(epoll_ctl)(poller, operation, fd, event);
}

/* There is no connection any more. */
int shutdown(int fd, int how) {
  const int fault = FAULT("shutdown");
  if (fault == 0) return NEXT(shutdown)(fd, how);
  NEXT(shutdown)(fd, SHUT_RDWR);
  return failed(fault);
}

/* However it fails, the descriptor is gone. */
int close(int fd) {
  const int fault = FAULT("close");
  const int result = NEXT(close)(fd);
  return fault ? failed(fault) : result;
}

/* The kernel goes on with one that was interrupted. */
static void begin_connect(int fd, const struct sockaddr* address, socklen_t length) {
  const int flags = NEXT(fcntl)(fd, F_GETFL);
  NEXT(fcntl)(fd, F_SETFL, flags | O_NONBLOCK);
  NEXT(connect)(fd, address, length);
  NEXT(fcntl)(fd, F_SETFL, flags);
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  const int fault = FAULT("connect");
  if (fault == 0) return NEXT(connect)(fd, address, length);
  if (fault == EINTR) begin_connect(fd, address, length);
  return failed(fault);
}

/* Copies of a descriptor alone. */
static int copy(int fd, int command, long argument, const void* caller) {
  const int fault = command == F_DUPFD_CLOEXEC ? fault_of("dup", caller) : 0;
  return fault ? failed(fault) : NEXT(fcntl)(fd, command, argument);
}
int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const long argument = va_arg(rest, long);
  va_end(rest);
  return copy(fd, command, argument, __builtin_return_address(0));
}
int fcntl64(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const long argument = va_arg(rest, long);
  va_end(rest);
  return copy(fd, command, argument, __builtin_return_address(0));
}

int getaddrinfo(const char* restrict host, const char* restrict service, const struct addrinfo* restrict hints,
                struct addrinfo** restrict found) {
  const int fault = FAULT("getaddrinfo");
  return fault ? fault : NEXT(getaddrinfo)(host, service, hints, found);
}

ssize_t sendfile64(int out, int in, off64_t* offset, size_t count) {
  const int fault = FAULT("sendfile");
  if (fault != 0 && fault != SHORT) return failed(fault);
  return NEXT(sendfile64)(out, in, offset, fault == SHORT && count > 1 ? 1 : count);
}

/* Of a short one, the first part is cut to a byte, and the others are left out. */
static struct msghdr shortened(const struct msghdr* message, struct iovec* part) {
  struct msghdr copied = *message;
  if (copied.msg_iovlen == 0 || copied.msg_iov[0].iov_len == 0) return copied;
  *part = copied.msg_iov[0];
  part->iov_len = 1;
  copied.msg_iov = part;
  copied.msg_iovlen = 1;
  return copied;
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  const int fault = FAULT("recvmsg");
  if (fault != 0 && fault != SHORT) return failed(fault);
  if (fault == 0) return NEXT(recvmsg)(fd, message, flags);
  struct iovec part;
  struct msghdr copied = shortened(message, &part);
  const ssize_t result = NEXT(recvmsg)(fd, &copied, flags);
  message->msg_namelen = copied.msg_namelen;
  message->msg_controllen = copied.msg_controllen;
  message->msg_flags = copied.msg_flags;
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  const int fault = FAULT("sendmsg");
  if (fault != 0 && fault != SHORT) return failed(fault);
  struct iovec part;
  const struct msghdr copied = fault == SHORT ? shortened(message, &part) : *message;
  return NEXT(sendmsg)(fd, &copied, flags);
}

static size_t cut(int fault, size_t length) { return fault == SHORT && length > 1 ? 1 : length; }

ssize_t recvfrom(int fd, void* restrict bytes, size_t length, int flags, struct sockaddr* restrict address,
                 socklen_t* restrict address_length) {
  const int fault = FAULT("recvfrom");
  if (fault != 0 && fault != SHORT) return failed(fault);
  return NEXT(recvfrom)(fd, bytes, cut(fault, length), flags, address, address_length);
}

ssize_t sendto(int fd, const void* bytes, size_t length, int flags, const struct sockaddr* address,
               socklen_t address_length) {
  const int fault = FAULT("sendto");
  if (fault != 0 && fault != SHORT) return failed(fault);
  return NEXT(sendto)(fd, bytes, cut(fault, length), flags, address, address_length);
}

/* The addon makes its hottest calls without the C library's functions for them. */
long syscall(long number, ...) {
  long given[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) given[i] = va_arg(rest, long);
  va_end(rest);
  int fault = 0;
  if (number == SYS_recvfrom) fault = FAULT("recvfrom");
  if (number == SYS_sendto) fault = FAULT("sendto");
  if (number == SYS_epoll_pwait) fault = FAULT("epoll_wait");
  if (fault != 0 && fault != SHORT) return failed(fault);
  if (fault == SHORT) given[2] = (long)cut(fault, (size_t)given[2]);
  return NEXT(syscall)(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
