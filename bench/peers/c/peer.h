// What the C peers share.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
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

/// A socket of that type on a free port of the loopback.
static inline int Bind(int type) {
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  Check(bind(fd, (struct sockaddr*)&address, sizeof address), "bind");
  if ((type & 0xf) == SOCK_STREAM) Check(listen(fd, 4096), "listen");
  return fd;
}

static inline int BindUnix(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  Check(bind(fd, (struct sockaddr*)&address, sizeof address), "bind");
  Check(listen(fd, 4096), "listen");
  return fd;
}

/// Says that all is ready to serve.
static inline void PrintPort(int fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  Check(getsockname(fd, (struct sockaddr*)&address, &length), "getsockname");
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
}

/// A listener on the path that is the last argument, or on a free port if there is none. Says that it is ready.
static inline int Listen(int argc, char** argv) {
  const char* path = argv[argc - 1];
  if (argc < 2 || path[0] != '/') {
    int port = Bind(SOCK_STREAM | SOCK_NONBLOCK);
    PrintPort(port);
    return port;
  }
  int fd = BindUnix(path);
  printf("PATH %s\n", path);
  fflush(stdout);
  return fd;
}

/// False if the peer has gone.
static inline int SendAll(int fd, const char* bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = send(fd, bytes + done, size - done, MSG_NOSIGNAL);
    if (n < 0) return 0;
    done += (size_t)n;
  }
  return 1;
}

static inline uint64_t ClockNs(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
