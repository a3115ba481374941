// Datagrams there and back, kWindow under way at a time: udp_load PORT BYTES COUNT
//
// What has not come back after kPatienceMs is taken for lost and sent again, and counted as "lost".
#define _GNU_SOURCE
#include <poll.h>

#include "load.h"

enum { kWindow = 64, kRoom = 65536, kPatienceMs = 200 };
static char bytes[kRoom];

static struct mmsghdr messages[kWindow];
static struct iovec vectors[kWindow];

static void Prepare(size_t size) {
  for (int i = 0; i < kWindow; i++) {
    vectors[i] = (struct iovec){.iov_base = bytes, .iov_len = size};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static void Send(int fd, unsigned count) {
  while (count > 0) {
    int n = sendmmsg(fd, messages, count, 0);
    Check(n, "sendmmsg");
    count -= (unsigned)n;
  }
}

/// How many have come back: 0 if none has for kPatienceMs.
static unsigned Receive(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN};
  int ready = poll(&entry, 1, kPatienceMs);
  Check(ready, "poll");
  if (ready == 0) return 0;
  int n = recvmmsg(fd, messages, kWindow, MSG_DONTWAIT, NULL);
  Check(n, "recvmmsg");
  return (unsigned)n;
}

int main(int argc, char** argv) {
  if (argc != 4) Fail("usage: udp_load PORT BYTES COUNT");
  size_t size = Count(argv[2]), count = Count(argv[3]), done = 0, lost = 0;
  if (size > kRoom) Fail("BYTES is too large");
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  struct sockaddr_in address = Loopback(atoi(argv[1]));
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  Prepare(size);
  uint64_t start = NowNs();
  Send(fd, kWindow);
  while (done < count) {
    unsigned n = Receive(fd);
    done += n;
    if (n == 0) lost += kWindow;
    Send(fd, n > 0 ? n : kWindow);
  }
  printf("{\"count\":%zu,\"wall_ns\":%llu,\"lost\":%zu}\n", done, (unsigned long long)(NowNs() - start), lost);
  return 0;
}
