// Asks which of many descriptors is ready: ready select|poll|epoll
//
// Prints "READY". For each line "IDLE COUNT" of input it asks COUNT times about IDLE sockets on which nothing happens
// and one that can be read, and prints what that took; or "CANNOT reason".
#define _GNU_SOURCE
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "peer.h"

enum { kMostIdle = 10000, kEvents = 1024 };
static int idle[kMostIdle];
static int readable;

static fd_set wanted;
static int highest;

static void PrepareSelect(const int* fds, int count) {
  FD_ZERO(&wanted);
  highest = 0;
  for (int i = 0; i < count; i++) {
    FD_SET(fds[i], &wanted);
    if (fds[i] > highest) highest = fds[i];
  }
}

static int AskSelect(void) {
  fd_set set = wanted;
  struct timeval none = {0, 0};
  return select(highest + 1, &set, NULL, NULL, &none);
}

static struct pollfd entries[kMostIdle + 1];
static nfds_t entry_count;

static void PreparePoll(const int* fds, int count) {
  for (int i = 0; i < count; i++) entries[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
  entry_count = (nfds_t)count;
}

static int AskPoll(void) { return poll(entries, entry_count, 0); }

static int poller = -1;

static void PrepareEpoll(const int* fds, int count) {
  if (poller >= 0) close(poller);
  poller = epoll_create1(EPOLL_CLOEXEC);
  Check(poller, "epoll_create1");
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
    Check(epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &event), "epoll_ctl");
  }
}

static int AskEpoll(void) {
  static struct epoll_event events[kEvents];
  return epoll_wait(poller, events, kEvents, 0);
}

static const struct Kind {
  const char* name;
  void (*prepare)(const int* fds, int count);
  int (*ask)(void);
} kinds[] = {{"select", PrepareSelect, AskSelect}, {"poll", PreparePoll, AskPoll}, {"epoll", PrepareEpoll, AskEpoll}};

static void OpenSockets(void) {
  int pair[2];
  Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
  Check(send(pair[1], "", 1, 0), "send");
  readable = pair[0];
  for (int i = 0; i < kMostIdle; i += 2) {
    Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, idle + i), "socketpair");
  }
}

static void Run(const struct Kind* kind, int idle_count, long count) {
  static int fds[kMostIdle + 1];
  memcpy(fds, idle, (size_t)idle_count * sizeof *fds);
  fds[idle_count] = readable;
  kind->prepare(fds, idle_count + 1);
  uint64_t cpu = ClockNs(CLOCK_PROCESS_CPUTIME_ID), wall = ClockNs(CLOCK_MONOTONIC);
  for (long i = 0; i < count; i++) {
    if (kind->ask() != 1) Check(-1, kind->name);
  }
  printf("{\"count\":%ld,\"cpu_ns\":%llu,\"wall_ns\":%llu}\n", count,
         (unsigned long long)(ClockNs(CLOCK_PROCESS_CPUTIME_ID) - cpu),
         (unsigned long long)(ClockNs(CLOCK_MONOTONIC) - wall));
}

int main(int argc, char** argv) {
  const struct Kind* kind = kinds;
  while (argc > 1 && strcmp(kind->name, argv[1]) != 0) kind++;
  OpenSockets();
  printf("READY\n");
  fflush(stdout);
  int idle_count;
  for (long count; scanf("%d %ld", &idle_count, &count) == 2; fflush(stdout)) {
    if (kind == kinds && idle_count > 0 && idle[idle_count - 1] >= FD_SETSIZE) {
      printf("CANNOT descriptors end at FD_SETSIZE, %d\n", FD_SETSIZE);
    } else {
      Run(kind, idle_count, count);
    }
  }
}
