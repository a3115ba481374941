// A file sent over TCP again and again, with blocking calls, one connection at a time: file sendfile|read FILE
// Is told in eight bytes how many to send. Prints its port, then serves until it is killed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "peer.h"

enum { kRoom = 65536 };
static int file;
static off_t file_size;

/// At most `left` bytes from there on; what was sent.
static ssize_t SendFile(int fd, off_t offset, size_t left) { return sendfile(fd, file, &offset, left); }

static ssize_t ReadAndSend(int fd, off_t offset, size_t left) {
  static char bytes[kRoom];
  ssize_t n = pread(file, bytes, left < kRoom ? left : kRoom, offset);
  return n > 0 && SendAll(fd, bytes, (size_t)n) ? n : -1;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  ssize_t (*send_some)(int, off_t, size_t) = strcmp(argv[1], "read") == 0 ? ReadAndSend : SendFile;
  file = open(argv[2], O_RDONLY | O_CLOEXEC);
  Check(file, "open");
  struct stat status;
  Check(fstat(file, &status), "fstat");
  file_size = status.st_size;
  int listener = Bind(SOCK_STREAM);
  PrintPort(listener);
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    Check(fd, "accept4");
    uint64_t left = 0;
    if (recv(fd, &left, sizeof left, MSG_WAITALL) != sizeof left) left = 0;
    for (off_t offset = 0; left > 0;) {
      uint64_t rest = (uint64_t)(file_size - offset);
      ssize_t n = send_some(fd, offset, left < rest ? left : rest);
      if (n <= 0) break;
      left -= (uint64_t)n;
      offset = (offset + n) % file_size;
    }
    close(fd);
  }
}
