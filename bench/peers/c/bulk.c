// A stream one way, with blocking calls, one connection at a time; until it is killed.
//   bulk receive|send         prints its port; receives to the end and answers with a byte; or is told in eight bytes
//                             how many to send, and sends them
//   bulk receive|send PATH    the same on a Unix socket
#define _GNU_SOURCE
#include "peer.h"

enum { kRoom = 65536 };
static char bytes[kRoom];

static void Receive(int fd) {
  while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;
  SendAll(fd, bytes, 1);
}

static void Send(int fd) {
  uint64_t left;
  if (recv(fd, &left, sizeof left, MSG_WAITALL) != sizeof left) return;
  for (; left > 0; left -= left < kRoom ? left : kRoom) {
    if (!SendAll(fd, bytes, left < kRoom ? left : kRoom)) return;
  }
}

int main(int argc, char** argv) {
  int listener = argc > 2 ? BindUnix(argv[2]) : Bind(SOCK_STREAM);
  if (argc > 2) {
    printf("PATH %s\n", argv[2]);
    fflush(stdout);
  } else {
    PrintPort(listener);
  }
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    Check(fd, "accept4");
    if (strcmp(argv[1], "receive") == 0) {
      Receive(fd);
    } else {
      Send(fd);
    }
    close(fd);
  }
}
