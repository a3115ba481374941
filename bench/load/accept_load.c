// Connections opened, used for one byte there and back, and closed: accept_load PORT COUNT
//
// They come in groups of kGroup, so that the server finds several at a time. They leave from addresses that change, for
// the closed ones keep their port numbers for a minute.
#include "load.h"

enum { kGroup = 50, kPerAddress = 10000 };

static uint32_t source;

/// The next connection's own address, 127.1.0.0 to 127.254.255.255.
static int ConnectFrom(int port, size_t number) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  SetOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  struct sockaddr_in own = Loopback(0);
  own.sin_addr.s_addr = htonl(0x7f010000u + (source + (uint32_t)(number / kPerAddress)) % 0xfd0000u);
  Check(bind(fd, (struct sockaddr*)&own, sizeof own), "bind");
  struct sockaddr_in address = Loopback(port);
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  return fd;
}

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: accept_load PORT COUNT");
  int port = atoi(argv[1]);
  size_t count = (Count(argv[2]) + kGroup - 1) / kGroup * kGroup;
  uint32_t* ns = malloc(count * sizeof *ns);
  source = (uint32_t)NowNs();
  uint64_t start = NowNs();
  for (size_t done = 0; done < count; done += kGroup) {
    int fds[kGroup];
    uint64_t opened_ns[kGroup];
    char byte = 0;
    for (size_t i = 0; i < kGroup; i++) {
      opened_ns[i] = NowNs();
      fds[i] = ConnectFrom(port, done + i);
      SendAll(fds[i], &byte, 1);
    }
    for (size_t i = 0; i < kGroup; i++) {
      RecvAll(fds[i], &byte, 1);
      ns[done + i] = (uint32_t)(NowNs() - opened_ns[i]);
      close(fds[i]);
    }
  }
  Report(ns, count, NowNs() - start);
  return 0;
}
