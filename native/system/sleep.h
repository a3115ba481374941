// Sleeping in the kernel, for a thread that must come back.
//
// A call that blocks does more than a loop of poll(2) and a bounded call can imitate: it hears shutdown(2), it holds on
// to its socket when the number is given out again, it honours MSG_WAITALL and SO_RCVLOWAT. Therefore the calls of a
// blocking socket sleep in the kernel. But the thread that sleeps may be a worker that is to be terminated, or the main
// thread for which the JavaScript listener of a signal waits, and only JavaScript can tell. Therefore no sleep lasts
// longer than two ticks: then the system call ends with EINTR, or with what it has done by then, and JavaScript looks
// and calls again.
//
// Each thread that sleeps has a slot with the number of its sleep. One helper thread of the process looks at all slots
// once a tick, and sends each thread that has been in the same sleep for a whole tick a signal which nobody else uses.
// The signal's handler does nothing; the signal ends the system call. The helper thread ends after some ticks without a
// sleeper, and the next sleep starts another one.
//
// While the helper runs, a sleep costs two atomic operations and a look at the coarse clock, some 20 ns together.
#ifndef BERKELEY_SYSTEM_SLEEP_H_
#define BERKELEY_SYSTEM_SLEEP_H_

#include <cstdint>

namespace berkeley::system_calls {

inline constexpr int kTickMs = 100;

// While a SleepScope lives, one system call of this thread may sleep, if CanSleep() says so. Scopes do not nest.
class SleepScope {
 public:
  SleepScope();
  ~SleepScope() { Leave(); }
  SleepScope(const SleepScope&) = delete;
  SleepScope& operator=(const SleepScope&) = delete;
  // False where no signal is free, or no thread can be started: then nothing may sleep.
  bool CanSleep() const { return can_sleep_; }
  // Ends the scope before its time. Afterwards no signal of the helper's is under way. Keeps errno.
  void Leave();

 private:
  bool can_sleep_;
};

// Whether the helper's signal was sent into the latest scope of this thread, so that its system call may have done less
// than it would have: then for how long the call had been under way, in ms (rounded down, at least 0); else -1. -2
// where nothing may sleep.
int64_t SleepEnded();

}  // namespace berkeley::system_calls

#endif  // BERKELEY_SYSTEM_SLEEP_H_
