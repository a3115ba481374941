// Sends every datagram back, with blocking calls. Prints its port, then serves until it is killed.
//   --batch   as many at a time as there are, up to kBatch
#define _GNU_SOURCE
#include "peer.h"

enum { kBatch = 64, kRoom = 2048 };

static void OneByOne(int fd) {
  static char bytes[kRoom];
  struct sockaddr_in from;
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr*)&from, &length);
    Check(n, "recvfrom");
    Check(sendto(fd, bytes, (size_t)n, 0, (struct sockaddr*)&from, length), "sendto");
  }
}

static void Batched(int fd) {
  static char bytes[kBatch][kRoom];
  static struct sockaddr_in from[kBatch];
  static struct iovec vectors[kBatch];
  static struct mmsghdr messages[kBatch];
  for (;;) {
    for (int i = 0; i < kBatch; i++) {
      vectors[i] = (struct iovec){.iov_base = bytes[i], .iov_len = kRoom};
      messages[i].msg_hdr =
          (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(fd, messages, kBatch, MSG_WAITFORONE, NULL);
    Check(count, "recvmmsg");
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < count;) {
      int n = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
      Check(n, "sendmmsg");
      sent += n;
    }
  }
}

int main(int argc, char** argv) {
  int fd = Bind(SOCK_DGRAM);
  PrintPort(fd);
  if (argc > 1 && strcmp(argv[1], "--batch") == 0) Batched(fd);
  OneByOne(fd);
}
