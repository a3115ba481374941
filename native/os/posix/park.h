// What wakes a thread that sleeps until a descriptor polls readable.
#ifndef BERKELEY_OS_POSIX_PARK_H_
#define BERKELEY_OS_POSIX_PARK_H_

#include "../os.h"

namespace berkeley::os {

class Parking {
 public:
  ~Parking();
  // 0, or a negative code. Before all else.
  int Prepare();
  // Sleeps until `fd` polls readable, Wake was called, or after timeout_ms (-1: never).
  void Park(Fd fd, int timeout_ms);
  void Wake();

 private:
  // A socket pair takes the place of a pipe, because POSIX has no pipe that is created close-on-exec.
  Fd read_ = kNoFd, write_ = kNoFd;
};

}  // namespace berkeley::os

#endif  // BERKELEY_OS_POSIX_PARK_H_
