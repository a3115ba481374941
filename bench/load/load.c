// The load generator: one thread, epoll, C, so that what is measured is the server.
//
//   load echo PORT CONNECTIONS BYTES COUNT   round trips of BYTES over CONNECTIONS, COUNT in all; one JSON line
//   load hold PORT CONNECTIONS               opens CONNECTIONS, prints "HELD", keeps them until its input ends
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kEvents = 1024, kRoom = 1 << 20 };

static void Check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static uint64_t NowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int Connect(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  int on = 1;
  Check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  return fd;
}

struct Connection {
  int fd;
  size_t left;  // of the answer
  uint64_t sent_ns;
};

static char bytes[kRoom];

static void Ask(struct Connection* c, size_t size) {
  c->sent_ns = NowNs();
  c->left = size;
  for (size_t done = 0; done < size;) {
    ssize_t n = send(c->fd, bytes, size - done, MSG_NOSIGNAL);
    Check(n, "send");
    done += (size_t)n;
  }
}

static int ByValue(const void* a, const void* b) {
  uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return (x > y) - (x < y);
}

static void Report(uint32_t* ns, size_t count, uint64_t wall_ns) {
  qsort(ns, count, sizeof *ns, ByValue);
  printf("{\"count\":%zu,\"wall_ns\":%llu,\"p50_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u}\n", count,
         (unsigned long long)wall_ns, ns[count / 2], ns[count * 99 / 100], ns[count * 999 / 1000]);
}

static int EchoLoad(int port, int connections, size_t size, size_t count) {
  struct Connection* all = calloc((size_t)connections, sizeof *all);
  uint32_t* ns = malloc(count * sizeof *ns);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  Check(poller, "epoll_create1");
  for (int i = 0; i < connections; i++) {
    all[i].fd = Connect(port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
    Check(epoll_ctl(poller, EPOLL_CTL_ADD, all[i].fd, &event), "epoll_ctl");
  }
  uint64_t start = NowNs();
  size_t asked = 0, done = 0;
  for (int i = 0; i < connections && asked < count; i++, asked++) Ask(&all[i], size);
  static struct epoll_event events[kEvents];
  while (done < count) {
    int n = epoll_wait(poller, events, kEvents, 10000);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) {
      fprintf(stderr, "the server has not answered for 10 s\n");
      return 1;
    }
    Check(n, "epoll_wait");
    for (int i = 0; i < n; i++) {
      struct Connection* c = events[i].data.ptr;
      ssize_t got = recv(c->fd, bytes, c->left, 0);
      if (got <= 0) {
        fprintf(stderr, "the server closed a connection\n");
        return 1;
      }
      c->left -= (size_t)got;
      if (c->left > 0) continue;
      ns[done++] = (uint32_t)(NowNs() - c->sent_ns);
      if (asked < count) {
        asked++;
        Ask(c, size);
      }
      if (done == count) break;
    }
  }
  Report(ns, count, NowNs() - start);
  return 0;
}

static int Hold(int port, int connections) {
  for (int i = 0; i < connections; i++) Connect(port);
  printf("HELD\n");
  fflush(stdout);
  while (read(0, bytes, sizeof bytes) > 0) continue;
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 6 && strcmp(argv[1], "echo") == 0) {
    size_t size = strtoul(argv[4], NULL, 10), count = strtoul(argv[5], NULL, 10);
    if (size >= 1 && size <= kRoom && count >= 1) return EchoLoad(atoi(argv[2]), atoi(argv[3]), size, count);
  }
  if (argc == 4 && strcmp(argv[1], "hold") == 0) return Hold(atoi(argv[2]), atoi(argv[3]));
  fprintf(stderr, "usage: load echo PORT CONNECTIONS BYTES COUNT | load hold PORT CONNECTIONS\n");
  return 2;
}
