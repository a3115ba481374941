// A stream of bytes one way, in writes of BYTES: bulk_load PORT|PATH send|receive BYTES COUNT
//
// "send": the load writes COUNT times and ends its half; the server reads to the end and answers with one byte.
// "receive": the load writes COUNT * BYTES as eight bytes, little-endian; the server sends that many.
// A PATH is that of a Unix socket. An operation is BYTES.
#include "load.h"

enum { kRoom = 1 << 20 };
static char bytes[kRoom];

int main(int argc, char** argv) {
  if (argc != 5) Fail("usage: bulk_load PORT|PATH send|receive BYTES COUNT");
  int fd = ConnectTo(argv[1]);
  size_t size = Count(argv[3]), count = Count(argv[4]);
  if (size > kRoom) Fail("BYTES is too large");
  uint32_t* ns = malloc(count * sizeof *ns);
  int sends = strcmp(argv[2], "send") == 0;
  uint64_t total = (uint64_t)size * count, start = NowNs(), before = start;
  if (!sends) SendAll(fd, (const char*)&total, sizeof total);
  for (size_t i = 0; i < count; i++) {
    if (sends) {
      SendAll(fd, bytes, size);
    } else {
      RecvAll(fd, bytes, size);
    }
    uint64_t after = NowNs();
    ns[i] = (uint32_t)(after - before);
    before = after;
  }
  if (sends) {
    Check(shutdown(fd, SHUT_WR), "shutdown");
    RecvAll(fd, bytes, 1);
  }
  Report(ns, count, NowNs() - start);
  return 0;
}
