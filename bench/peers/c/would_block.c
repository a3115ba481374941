// A recv that has nothing. Prints "READY"; for each line "CASE COUNT" of input makes COUNT calls, prints what they
// took.
#define _GNU_SOURCE
#include "peer.h"

int main(void) {
  int pair[2];
  Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), "socketpair");
  printf("READY\n");
  fflush(stdout);
  char bytes[64];
  for (long count; scanf("%*s %ld", &count) == 1; fflush(stdout)) {
    uint64_t cpu = ClockNs(CLOCK_PROCESS_CPUTIME_ID), wall = ClockNs(CLOCK_MONOTONIC);
    for (long i = 0; i < count; i++) {
      if (recv(pair[0], bytes, sizeof bytes, 0) >= 0 || errno != EAGAIN) Check(-1, "recv");
    }
    printf("{\"count\":%ld,\"cpu_ns\":%llu,\"wall_ns\":%llu}\n", count,
           (unsigned long long)(ClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu),
           (unsigned long long)(ClockNs(CLOCK_MONOTONIC) - wall));
  }
}
