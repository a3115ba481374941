// An echo server that blocks, one connection at a time. Prints its port, then serves until it is killed.
#define _GNU_SOURCE
#include <netinet/tcp.h>

#include "peer.h"

enum { kRoom = 65536 };

int main(void) {
  int listener = Bind(SOCK_STREAM);
  PrintPort(listener);
  static char bytes[kRoom];
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    Check(fd, "accept4");
    int on = 1;
    Check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    for (;;) {
      ssize_t n = recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0 || !SendAll(fd, bytes, (size_t)n)) break;
    }
    close(fd);
  }
}
