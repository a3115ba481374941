// Round trips one after the other over one connection, with blocking calls: ping_load PORT BYTES COUNT
#include "load.h"

enum { kRoom = 1 << 20 };
static char bytes[kRoom];

int main(int argc, char** argv) {
  if (argc != 4) Fail("usage: ping_load PORT BYTES COUNT");
  size_t size = Count(argv[2]), count = Count(argv[3]);
  if (size > kRoom) Fail("BYTES is too large");
  int fd = Connect(atoi(argv[1]));
  uint32_t* ns = malloc(count * sizeof *ns);
  uint64_t start = NowNs();
  for (size_t i = 0; i < count; i++) {
    uint64_t before = NowNs();
    SendAll(fd, bytes, size);
    RecvAll(fd, bytes, size);
    ns[i] = (uint32_t)(NowNs() - before);
  }
  Report(ns, count, NowNs() - start);
  return 0;
}
