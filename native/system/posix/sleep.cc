#include "../sleep.h"

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace berkeley::system_calls {

namespace {

// By how much the coarse clock may be behind, where the kernel's own clock ticks a hundred times a second.
constexpr int64_t kCoarseMs = 10;
// After so many ticks without a sleeper the helper ends.
constexpr int kIdleTicks = 20;

// What happens in a sleep: the lowest two bits of Slot::sleep. The other bits are the number of the sleep.
enum : uint64_t { kAwake = 0, kAsleep = 1, kSignalling = 2, kSignalled = 3, kPhase = 3 };

struct Slot {
  std::atomic<uint64_t> sleep{kAwake};
  uint64_t seen = kAwake;  // belongs to the helper: what `sleep` was a tick ago
  const pthread_t thread = pthread_self();
  Slot* next = nullptr;
  Slot* before = nullptr;
  int64_t began_ms = 0;  // these two belong to the thread
  bool signalled = false;
};

// Never freed: threads may still end when the process does, and the helper may outlive them.
struct Sleepers {
  std::mutex mutex;  // guards the list of slots
  Slot* first = nullptr;
  int signal = 0;                     // 0: nothing may sleep
  std::atomic<bool> unwatched{true};  // there is no helper
};

int64_t CoarseMs() {
#ifdef CLOCK_MONOTONIC_COARSE
  constexpr clockid_t kClock = CLOCK_MONOTONIC_COARSE;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  struct timespec now = {};
  clock_gettime(kClock, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void WaitForTick() {
  struct timespec tick = {kTickMs / 1000, kTickMs % 1000 * 1000000L};
  while (nanosleep(&tick, &tick) != 0 && errno == EINTR) {
  }
}

// Looks at all slots, and ends the sleeps that have lasted for a tick. Returns whether anybody sleeps.
bool EndLongSleeps(Sleepers* all) {
  const std::lock_guard<std::mutex> lock(all->mutex);
  bool anybody = false;
  for (Slot* slot = all->first; slot != nullptr; slot = slot->next) {
    uint64_t sleep = slot->sleep.load();
    if ((sleep & kPhase) == kAwake) continue;
    anybody = true;
    // A thread that was signalled a tick ago and still sleeps had not reached the kernel when the signal came.
    if ((sleep | kPhase) == (slot->seen | kPhase)) {
      const uint64_t number = sleep & ~uint64_t{kPhase};
      if (slot->sleep.compare_exchange_strong(sleep, number | kSignalling)) {
        pthread_kill(slot->thread, all->signal);
        slot->sleep.store(number | kSignalled);
      }
    }
    slot->seen = sleep;
  }
  return anybody;
}

bool AnybodySleeps(Sleepers* all) {
  const std::lock_guard<std::mutex> lock(all->mutex);
  for (Slot* slot = all->first; slot != nullptr; slot = slot->next) {
    if ((slot->sleep.load() & kPhase) != kAwake) return true;
  }
  return false;
}

void* Help(void* data) {
  auto* all = static_cast<Sleepers*>(data);
#ifdef __linux__
  pthread_setname_np(pthread_self(), "berkeley-tick");
#endif
  for (int idle = 0;;) {
    WaitForTick();
    idle = EndLongSleeps(all) ? 0 : idle + 1;
    if (idle < kIdleTicks) continue;
    all->unwatched.store(true);
    // A thread that began to sleep before it could see that the helper ends has started no other one.
    if (!AnybodySleeps(all) || !all->unwatched.exchange(false)) return nullptr;
    idle = 0;
  }
}

// Takes a real-time signal whose disposition is the default one. Returns 0 if there is none: macOS has none at all.
int TakeSignal() {
  // For tests, and for systems where signals between threads do not work: calls wait by poll(2) instead.
  const char* chosen = getenv("BERKELEY_SLEEP");
  if (chosen != nullptr && std::strcmp(chosen, "poll") == 0) return 0;
#ifdef SIGRTMAX
  for (int signal = SIGRTMAX - 1; signal > SIGRTMIN; --signal) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0) continue;
    if (action.sa_handler != SIG_DFL) continue;
    action = {};
    action.sa_handler = [](int) {};  // without SA_RESTART: the system call is to end
    sigfillset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) == 0) return signal;
  }
#endif
  return 0;
}

bool StartHelper(Sleepers* all) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  // The helper hears none of the process's signals.
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  pthread_t helper;
  const bool started = pthread_create(&helper, &attributes, Help, all) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}

Sleepers* All();
void BeforeFork() { All()->mutex.lock(); }
void AfterForkInParent() { All()->mutex.unlock(); }
void AfterForkInChild();

Sleepers* Begin() {
  auto* all = new Sleepers();
  all->signal = TakeSignal();
  // Without the handlers a child that goes on without exec would sleep where no helper wakes it.
  if (all->signal != 0 && pthread_atfork(BeforeFork, AfterForkInParent, AfterForkInChild) != 0) all->signal = 0;
  return all;
}

Sleepers* All() {
  static Sleepers* const all = Begin();
  return all;
}

// The slot of a thread is in the list from the thread's first sleep to its end.
class Place {
 public:
  Place() {
    Sleepers* all = All();
    sigset_t ours;
    sigemptyset(&ours);
    if (all->signal != 0 && sigaddset(&ours, all->signal) == 0) pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
    const std::lock_guard<std::mutex> lock(all->mutex);
    slot_.next = all->first;
    if (slot_.next != nullptr) slot_.next->before = &slot_;
    all->first = &slot_;
  }
  ~Place() {
    Sleepers* all = All();
    const std::lock_guard<std::mutex> lock(all->mutex);
    if (slot_.next != nullptr) slot_.next->before = slot_.before;
    (slot_.before == nullptr ? all->first : slot_.before->next) = slot_.next;
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Slot* slot() { return &slot_; }

 private:
  Slot slot_;
};

Slot* Mine() {
  thread_local Place place;
  return place.slot();
}

// The child has the forking thread alone, and no helper.
void AfterForkInChild() {
  Sleepers* all = All();
  all->unwatched.store(true);
  all->mutex.unlock();
  Slot* mine = Mine();
  const std::lock_guard<std::mutex> lock(all->mutex);
  mine->next = mine->before = nullptr;
  all->first = mine;
}

}  // namespace

SleepScope::SleepScope() : can_sleep_(All()->signal != 0) {
  if (!can_sleep_) return;
  Slot* slot = Mine();
  slot->began_ms = CoarseMs();
  slot->sleep.store((slot->sleep.load(std::memory_order_relaxed) | kPhase) + 1 + kAsleep);
  Sleepers* all = All();
  if (!all->unwatched.load() || !all->unwatched.exchange(false) || StartHelper(all)) return;
  all->unwatched.store(true);
  slot->sleep.store(slot->sleep.load() & ~uint64_t{kPhase});
  can_sleep_ = false;
}

void SleepScope::Leave() {
  if (!can_sleep_) return;
  can_sleep_ = false;
  const int error = errno;
  Slot* slot = Mine();
  uint64_t sleep = slot->sleep.load(std::memory_order_relaxed);
  while ((sleep & kPhase) == kSignalling || !slot->sleep.compare_exchange_weak(sleep, sleep & ~uint64_t{kPhase})) {
    if ((sleep & kPhase) == kSignalling) sleep = slot->sleep.load();
  }
  slot->signalled = (sleep & kPhase) == kSignalled;
  // A signal that was sent is delivered when the next system call ends, at the latest: that call had better be this
  // one.
  if (slot->signalled) getppid();
  errno = error;
}

int64_t SleepEnded() {
  if (All()->signal == 0) return -2;
  const Slot* slot = Mine();
  return slot->signalled ? std::max<int64_t>(CoarseMs() - slot->began_ms - kCoarseMs, 0) : -1;
}

}  // namespace berkeley::system_calls
