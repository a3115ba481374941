// The yardstick: an echo server on epoll in plain C. Prints its port, or the path that it was given, then serves until
// it is killed.
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "peer.h"

enum { kEvents = 1024, kRoom = 65536 };

static void Watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  Check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void Echo(int fd) {
  static char bytes[kRoom];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n <= 0 || !SendAll(fd, bytes, (size_t)n)) close(fd);
}

int main(int argc, char** argv) {
  int listener = Listen(argc, argv);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  Check(poller, "epoll_create1");
  Watch(poller, listener);
  static struct epoll_event events[kEvents];
  for (;;) {
    int n = epoll_wait(poller, events, kEvents, -1);
    if (n < 0 && errno == EINTR) continue;
    Check(n, "epoll_wait");
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != listener) {
        Echo(events[i].data.fd);
        continue;
      }
      int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) Watch(poller, fd);
    }
  }
}
