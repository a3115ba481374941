// What the load generators share. Each is one thread in C, so that what is measured is the server, and prints one line
// of JSON.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline void Check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static inline void Fail(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static inline uint64_t NowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline struct sockaddr_in Loopback(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return address;
}

static inline void SetOption(int fd, int level, int name) {
  int on = 1;
  Check(setsockopt(fd, level, name, &on, sizeof on), "setsockopt");
}

static inline int Connect(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = Loopback(port);
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

static inline int ConnectUnix(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) Fail("PATH is too long");
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  return fd;
}

/// To a path, or to a port of the loopback.
static inline int ConnectTo(const char* address) {
  return address[0] == '/' ? ConnectUnix(address) : Connect(atoi(address));
}

static inline void SendAll(int fd, const char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = send(fd, bytes + done, size - done, MSG_NOSIGNAL);
    Check(n, "send");
    done += (size_t)n;
  }
}

static inline void RecvAll(int fd, char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = recv(fd, bytes + done, size - done, 0);
    Check(n, "recv");
    if (n == 0) Fail("the server closed a connection");
    done += (size_t)n;
  }
}

static inline int ByValue(const void* a, const void* b) {
  uint32_t x = *(const uint32_t*)a, y = *(const uint32_t*)b;
  return (x > y) - (x < y);
}

/// `ns` holds how long each operation took.
static inline void Report(uint32_t* ns, size_t count, uint64_t wall_ns) {
  qsort(ns, count, sizeof *ns, ByValue);
  printf("{\"count\":%zu,\"wall_ns\":%llu,\"p50_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u}\n", count,
         (unsigned long long)wall_ns, ns[count / 2], ns[count * 99 / 100], ns[count * 999 / 1000]);
}

/// A count from the command line: at least 1.
static inline size_t Count(const char* text) {
  size_t count = strtoul(text, NULL, 10);
  if (count == 0) Fail("a count is a number from 1");
  return count;
}
