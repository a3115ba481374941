#include "park.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace berkeley::os {

Parking::~Parking() {
  for (const Fd fd : {read_, write_}) {
    if (fd != kNoFd) Close(fd);
  }
}

int Parking::Prepare() {
  Fd pair[2];
  const int made = SocketPair(AF_UNIX, SOCK_STREAM, 0, pair);
  if (made < 0) return made;
  read_ = pair[0];
  write_ = pair[1];
  for (const Fd fd : pair) {
    const int set = SetNonblocking(fd, true);
    if (set < 0) return set;
  }
  return 0;
}

void Parking::Park(Fd fd, int timeout_ms) {
  PollEntry both[] = {{fd, POLLIN, 0}, {read_, POLLIN, 0}};
  while (Poll(both, 2, timeout_ms) < 0) {
  }
  char bytes[64];
  if (both[1].revents != 0) {
    while (read(read_, bytes, sizeof(bytes)) > 0) {
    }
  }
}

void Parking::Wake() {
  const char byte = 0;
  // If the buffer is full, a wake-up is under way already.
  (void)!write(write_, &byte, 1);
}

}  // namespace berkeley::os
