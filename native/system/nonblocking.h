// A descriptor's blocking mode.
#ifndef BERKELEY_SYSTEM_NONBLOCKING_H_
#define BERKELEY_SYSTEM_NONBLOCKING_H_

namespace berkeley::system_calls {

// While it lives, `fd` is nonblocking; afterwards it is what it was before.
//
// For the few calls that have no MSG_DONTWAIT (accept, connect, sendfile, those of OpenSSL's own BIO) and would sleep
// without end on a blocking fd: one that another program has made blocking (a child process that inherits it as its
// standard input does), or one whose calls are awaited. O_NONBLOCK belongs to the open file description that all
// threads share, so one lock for the process keeps two scopes (and SetNonblocking) from undoing each other. What is
// done inside is short, runs no JavaScript and never waits for a peer. Another process that shares the description may
// see one early EAGAIN.
class NonblockingScope {
 public:
  explicit NonblockingScope(int fd);
  ~NonblockingScope();  // keeps errno
  NonblockingScope(const NonblockingScope&) = delete;
  NonblockingScope& operator=(const NonblockingScope&) = delete;
  int error() const { return error_; }  // 0, or why the mode could not be set, as a negative code

 private:
  int fd_;
  bool changed_ = false;
  int error_ = 0;
};

// 0, or a negative code.
int SetNonblocking(int fd, bool nonblocking);
// Whether the descriptor is nonblocking, 0 or 1: of its own accord, not because a NonblockingScope is on.
int IsNonblocking(int fd);

}  // namespace berkeley::system_calls

#endif  // BERKELEY_SYSTEM_NONBLOCKING_H_
