// The yardstick: an echo server on epoll in plain C. Prints its port, then serves until it is killed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kEvents = 1024, kRoom = 65536 };

static void Check(int result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static int Listen(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  Check(bind(fd, (struct sockaddr*)&address, length), "bind");
  Check(listen(fd, 4096), "listen");
  Check(getsockname(fd, (struct sockaddr*)&address, &length), "getsockname");
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void Watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  Check(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void Echo(int fd) {
  static char bytes[kRoom];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  if (n <= 0) {
    close(fd);
    return;
  }
  for (ssize_t sent = 0; sent < n;) {
    ssize_t s = send(fd, bytes + sent, (size_t)(n - sent), MSG_NOSIGNAL);
    if (s < 0) {
      close(fd);
      return;
    }
    sent += s;
  }
}

int main(void) {
  int listener = Listen();
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
