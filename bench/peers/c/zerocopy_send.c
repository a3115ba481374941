// Sends datagrams of 60 KB, cut into 8 KB by the kernel, from more memory than any cache holds: into a network that
// copies nothing, which trials/zerocopy.ts makes.
//   zerocopy_send send|zerocopy
// Prints "READY". For each line "CASE COUNT" of input it sends COUNT of them, and prints what that took.
#define _GNU_SOURCE
#include <netinet/udp.h>
#include <poll.h>

#include "peer.h"

enum { kSize = 60000, kSegment = 8000, kBuffers = 4000, kBatch = 64, kRoom = 512 };

/// Takes in what the kernel has done with: at least one.
static void Reap(int fd) {
  struct pollfd entry = {.fd = fd};
  Check(poll(&entry, 1, -1), "poll");
  for (;;) {
    char control[kRoom];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
  }
}

int main(int argc, char** argv) {
  int zerocopy = argc > 1 && strcmp(argv[1], "zerocopy") == 0;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Check(fd, "socket");
  int segment = kSegment;
  Check(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), "setsockopt");
  Check(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &zerocopy, sizeof zerocopy), "setsockopt");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
  inet_pton(AF_INET, "10.99.0.2", &address.sin_addr);
  Check(connect(fd, (struct sockaddr*)&address, sizeof address), "connect");
  char* memory = malloc((size_t)kSize * kBuffers);
  memset(memory, 1, (size_t)kSize * kBuffers);
  printf("READY\n");
  fflush(stdout);
  long sent = 0;
  for (long count; scanf("%*s %ld", &count) == 1; fflush(stdout)) {
    uint64_t cpu = ClockNs(CLOCK_PROCESS_CPUTIME_ID), wall = ClockNs(CLOCK_MONOTONIC);
    for (long i = 0; i < count; i++) {
      Check(send(fd, memory + (size_t)(sent++ % kBuffers) * kSize, kSize, zerocopy ? MSG_ZEROCOPY : 0), "send");
      if (zerocopy && sent % kBatch == 0) Reap(fd);
    }
    printf("{\"count\":%ld,\"cpu_ns\":%llu,\"wall_ns\":%llu}\n", count,
           (unsigned long long)(ClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu),
           (unsigned long long)(ClockNs(CLOCK_MONOTONIC) - wall));
  }
}
