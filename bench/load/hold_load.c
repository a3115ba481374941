// Connections that do nothing: hold_load PORT CONNECTIONS opens them, prints "HELD", keeps them until its input ends.
#include "load.h"

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: hold_load PORT CONNECTIONS");
  size_t connections = Count(argv[2]);
  for (size_t i = 0; i < connections; i++) Connect(atoi(argv[1]));
  printf("HELD\n");
  fflush(stdout);
  char bytes[64];
  while (read(0, bytes, sizeof bytes) > 0) continue;
  return 0;
}
