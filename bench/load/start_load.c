// A program started and waited for, time after time: start_load COUNT PROGRAM ARGUMENT…
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "load.h"

extern char** environ;

static uint64_t Ns(struct timeval t) { return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u; }

int main(int argc, char** argv) {
  if (argc < 3) Fail("usage: start_load COUNT PROGRAM ARGUMENT...");
  size_t count = Count(argv[1]);
  uint64_t start = NowNs();
  for (size_t i = 0; i < count; i++) {
    pid_t child;
    int status;
    if (posix_spawnp(&child, argv[2], NULL, NULL, argv + 2, environ) != 0) Fail("posix_spawnp");
    Check(waitpid(child, &status, 0), "waitpid");
    if (status != 0) Fail("the program failed");
  }
  uint64_t wall_ns = NowNs() - start;
  struct rusage used;
  getrusage(RUSAGE_CHILDREN, &used);
  printf("{\"count\":%zu,\"wall_ns\":%llu,\"cpu_ns\":%llu}\n", count, (unsigned long long)wall_ns,
         (unsigned long long)(Ns(used.ru_utime) + Ns(used.ru_stime)));
  return 0;
}
