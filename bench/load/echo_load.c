// Round trips over many connections at a time, on epoll: echo_load ADDRESS CONNECTIONS BYTES COUNT
#include <sys/epoll.h>

#include "load.h"

enum { kEvents = 1024, kRoom = 1 << 20 };
static char bytes[kRoom];

struct Connection {
  int fd;
  size_t left;  // of the answer
  uint64_t sent_ns;
};

static void Ask(struct Connection* c, size_t size) {
  c->sent_ns = NowNs();
  c->left = size;
  SendAll(c->fd, bytes, size);
}

/// Whether the answer is complete.
static int Answered(struct Connection* c) {
  ssize_t n = recv(c->fd, bytes, c->left, 0);
  if (n <= 0) Fail("the server closed a connection");
  c->left -= (size_t)n;
  return c->left == 0;
}

static struct Connection* Open(int poller, const char* address, size_t connections) {
  struct Connection* all = calloc(connections, sizeof *all);
  for (size_t i = 0; i < connections; i++) {
    all[i].fd = ConnectTo(address);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    Check(epoll_ctl(poller, EPOLL_CTL_ADD, all[i].fd, &event), "epoll_ctl");
  }
  return all;
}

int main(int argc, char** argv) {
  if (argc != 5) Fail("usage: echo_load ADDRESS CONNECTIONS BYTES COUNT");
  size_t connections = Count(argv[2]), size = Count(argv[3]), count = Count(argv[4]);
  if (size > kRoom) Fail("BYTES is too large");
  int poller = epoll_create1(EPOLL_CLOEXEC);
  Check(poller, "epoll_create1");
  struct Connection* all = Open(poller, argv[1], connections);
  uint32_t* ns = malloc(count * sizeof *ns);
  uint64_t start = NowNs();
  size_t asked = 0, done = 0;
  for (; asked < connections && asked < count; asked++) Ask(&all[asked], size);
  static struct epoll_event events[kEvents];
  while (done < count) {
    int n = epoll_wait(poller, events, kEvents, 10000);
    if (n < 0 && errno == EINTR) continue;
    Check(n, "epoll_wait");
    if (n == 0) Fail("the server has not answered for 10 s");
    for (int i = 0; i < n; i++) {
      struct Connection* c = events[i].data.ptr;
      if (!Answered(c)) continue;
      ns[done++] = (uint32_t)(NowNs() - c->sent_ns);
      if (asked++ < count) Ask(c, size);
    }
  }
  Report(ns, count, NowNs() - start);
  return 0;
}
