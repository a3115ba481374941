// Sends datagrams to a socket that nobody reads: udp_send sendto|sendmmsg|segment
//
// Prints "READY". For each line "BYTES COUNT" of input it sends COUNT groups of kGroup datagrams, and prints what that
// took. segment: the kernel makes the datagrams of one message (UDP_SEGMENT).
#define _GNU_SOURCE
#include <netinet/udp.h>

#include "peer.h"

enum { kGroup = 40, kRoom = 1400 };
static char bytes[kGroup * kRoom];

static int Receiver(struct sockaddr_in* address) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof *address;
  Check(bind(fd, (struct sockaddr*)address, length), "bind");
  Check(getsockname(fd, (struct sockaddr*)address, &length), "getsockname");
  return fd;
}

static void OneByOne(int fd, size_t size) {
  for (int i = 0; i < kGroup; i++) Check(send(fd, bytes, size, 0), "send");
}

static void InOneCall(int fd, size_t size) {
  static struct iovec vectors[kGroup];
  static struct mmsghdr messages[kGroup];
  for (int i = 0; i < kGroup; i++) {
    vectors[i] = (struct iovec){.iov_base = bytes + (size_t)i * kRoom, .iov_len = size};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  for (int sent = 0; sent < kGroup;) {
    int n = sendmmsg(fd, messages + sent, (unsigned)(kGroup - sent), 0);
    Check(n, "sendmmsg");
    sent += n;
  }
}

static void InOneMessage(int fd, size_t size) {
  int segment = (int)size;
  Check(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), "setsockopt");
  Check(send(fd, bytes, size * kGroup, 0), "send");
}

int main(int argc, char** argv) {
  struct sockaddr_in address;
  Receiver(&address);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  const char* how = argc > 1 ? argv[1] : "sendto";
  printf("READY\n");
  fflush(stdout);
  long size, count;
  for (; scanf("%ld %ld", &size, &count) == 2; fflush(stdout)) {
    uint64_t cpu = ClockNs(CLOCK_PROCESS_CPUTIME_ID), wall = ClockNs(CLOCK_MONOTONIC);
    for (long i = 0; i < count; i++) {
      if (strcmp(how, "sendmmsg") == 0) {
        InOneCall(fd, (size_t)size);
      } else if (strcmp(how, "segment") == 0) {
        InOneMessage(fd, (size_t)size);
      } else {
        OneByOne(fd, (size_t)size);
      }
    }
    printf("{\"count\":%ld,\"cpu_ns\":%llu,\"wall_ns\":%llu}\n", count * kGroup,
           (unsigned long long)(ClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu),
           (unsigned long long)(ClockNs(CLOCK_MONOTONIC) - wall));
  }
}
