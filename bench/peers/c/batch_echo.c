// An echo server on epoll in plain C that works as a proactor does: it receives from all that is ready, then sends all
// answers. Prints its port, or the path that it was given, then serves until it is killed.
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "peer.h"

enum { kEvents = 1024, kRoom = 4096 };

static char rooms[kEvents][kRoom];

static struct Answer {
  int fd;
  size_t length;
} answers[kEvents];

static void Watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  Check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
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
    int count = 0;
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) Watch(poller, accepted);
        continue;
      }
      ssize_t got = recv(fd, rooms[count], kRoom, 0);
      if (got <= 0)
        close(fd);
      else
        answers[count++] = (struct Answer){fd, (size_t)got};
    }
    for (int i = 0; i < count; i++) {
      if (!SendAll(answers[i].fd, rooms[i], answers[i].length)) close(answers[i].fd);
    }
  }
}
