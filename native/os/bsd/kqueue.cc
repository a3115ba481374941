// kqueue(2): Python's select.kqueue, and the readiness backend of macOS and the BSDs.
#include "../kqueue.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <mutex>
#include <new>

#include "../poller.h"
#include "../posix/park.h"
#include "../posix/poll_poller.h"
#include "../posix/posix.h"

namespace berkeley::os {

namespace {

// So many events take 32 KiB of the stack.
constexpr size_t kOnStack = 1024;

// An array on the stack where that suffices, else on the heap.
class Events {
 public:
  explicit Events(size_t count) : large_(count > kOnStack ? new(std::nothrow) struct kevent[count] : nullptr) {
    events_ = count > kOnStack ? large_.get() : small_;
  }
  struct kevent* get() { return events_; }  // nullptr: there is no memory

 private:
  struct kevent small_[kOnStack];
  const std::unique_ptr<struct kevent[]> large_;
  struct kevent* events_;
};

struct timespec ToTimespec(int timeout_ms) {
  struct timespec result = {};
  result.tv_sec = timeout_ms / 1000;
  result.tv_nsec = timeout_ms % 1000 * 1000000L;
  return result;
}

// ---- select.kqueue

uint64_t Join(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }
uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// The user's own datum is a pointer on most systems, an integer on NetBSD.
template <typename Datum>
void SetDatum(Datum** datum, uint64_t value) {
  *datum = reinterpret_cast<Datum*>(static_cast<uintptr_t>(value));
}
[[maybe_unused]] void SetDatum(intptr_t* datum, uint64_t value) { *datum = static_cast<intptr_t>(value); }
template <typename Datum>
uint64_t DatumOf(Datum* datum) {
  return reinterpret_cast<uintptr_t>(datum);
}
[[maybe_unused]] uint64_t DatumOf(intptr_t datum) { return static_cast<uint64_t>(datum); }

struct kevent ToSystem(const Kevent& event) {
  struct kevent result = {};
  result.ident = static_cast<decltype(result.ident)>(Join(event.ident_low, event.ident_high));
  result.filter = static_cast<decltype(result.filter)>(event.filter);
  result.flags = static_cast<decltype(result.flags)>(event.flags);
  result.fflags = event.fflags;
  result.data = static_cast<decltype(result.data)>(Join(event.data_low, event.data_high));
  SetDatum(&result.udata, Join(event.udata_low, event.udata_high));
  return result;
}

Kevent FromSystem(const struct kevent& event) {
  const uint64_t ident = event.ident;
  const auto data = static_cast<uint64_t>(int64_t{event.data});
  const uint64_t datum = DatumOf(event.udata);
  return {Low(ident), High(ident), static_cast<int32_t>(event.filter), event.flags, event.fflags, Low(data), High(data),
          Low(datum), High(datum)};
}

// ---- the backend

// Two filters stand for one registration. That of reading is there as long as the registration, and disabled while
// reading is not asked for; so the kernel itself knows what is registered, and no table of ours outlives a descriptor.
// That of writing is there while writing is asked for. Both tell of a hang-up.
//
// Urgent data has a filter of its own, on some systems.
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
constexpr uint32_t kUrgent = POLLPRI;
#else
constexpr uint32_t kUrgent = 0;
#endif
constexpr uint32_t kKnown = POLLIN | POLLOUT | kUrgent | POLLERR | POLLHUP;

// One change at a time, without room for events: then its error is the call's.
int Change(Fd kqueue, Fd fd, int filter, int flags, uint32_t fflags = 0) {
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(fd), static_cast<int16_t>(filter), static_cast<uint16_t>(flags), fflags, 0, 0);
  const struct timespec none = {};
  return Checked(kevent(kqueue, &change, 1, nullptr, 0, &none));
}

// Adds a filter that is wanted, and removes one that is not.
int Want(Fd kqueue, Fd fd, int filter, bool wanted, uint32_t fflags = 0) {
  if (wanted) return Change(kqueue, fd, filter, EV_ADD | EV_ENABLE, fflags);
  const int result = Change(kqueue, fd, filter, EV_DELETE);
  return result == -ENOENT ? 0 : result;
}

// The events that poll(2) would report for what a filter found.
uint32_t Meaning(const struct kevent& event) {
  uint32_t events = event.filter == EVFILT_READ ? POLLIN : event.filter == EVFILT_WRITE ? POLLOUT : 0;
  if (events == 0) return kUrgent;
  if ((event.flags & EV_ERROR) != 0) return POLLERR;
  if ((event.flags & EV_EOF) == 0) return events;
  // The end of what the peer sends is there to be read. Nothing can be sent any more only if both directions have
  // ended.
  if (event.filter == EVFILT_WRITE) events |= POLLHUP;
  if (event.fflags != 0) events |= POLLERR;  // the socket's error
  return events;
}

class KqueuePoller : public Poller {
 public:
  explicit KqueuePoller(Fd kqueue) : kqueue_(kqueue) {}
  ~KqueuePoller() override { Close(kqueue_); }

  int Add(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return -EINVAL;
    const int refusal = CannotWait(fd);
    if (refusal < 0) return refusal;
    const std::lock_guard<std::mutex> lock(mutex_);
    const int registered = Registered(fd);
    if (registered != -ENOENT) return registered == 0 ? -EEXIST : registered;
    const int result = Watch(fd, events);
    if (result < 0) RemoveLocked(fd);
    return result;
  }

  int Modify(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return -EINVAL;
    const std::lock_guard<std::mutex> lock(mutex_);
    const int registered = Registered(fd);
    return registered < 0 ? registered : Watch(fd, events);
  }

  int Remove(Fd fd) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return RemoveLocked(fd);
  }

  int Wait(PollerEvent* events, int capacity) override { return WaitFor(events, capacity, 0); }

  int WaitFor(PollerEvent* events, int capacity, int timeout_ms) override {
    Events room(static_cast<size_t>(capacity));
    struct kevent* found = room.get();
    if (found == nullptr) return kNoMemory;
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    const int count = Checked(kevent(kqueue_, nullptr, 0, found, capacity, &timeout));
    // Both filters of one descriptor become one event. What has no room comes with the next call.
    std::sort(found, found + std::max(count, 0), [](const auto& a, const auto& b) { return a.ident < b.ident; });
    int filled = 0;
    for (int i = 0; i < count; ++i) {
      const auto fd = static_cast<Fd>(found[i].ident);
      if (filled == 0 || events[filled - 1].fd != fd) events[filled++] = {fd, 0};
      events[filled - 1].events |= Meaning(found[i]);
    }
    return count < 0 ? count : filled;
  }

  Fd Descriptor() const override { return kqueue_; }
  int PreparePark() override { return parking_.Prepare(); }
  void Park(int timeout_ms) override { parking_.Park(kqueue_, timeout_ms); }
  void Wake() override { parking_.Wake(); }

 private:
  // A change without a flag changes nothing, but fails with ENOENT if there is nothing to change.
  int Registered(Fd fd) { return Change(kqueue_, fd, EVFILT_READ, 0); }

  int Watch(Fd fd, uint32_t events) {
    int result = Change(kqueue_, fd, EVFILT_READ, EV_ADD | ((events & POLLIN) != 0 ? EV_ENABLE : EV_DISABLE));
    if (result == 0) result = Want(kqueue_, fd, EVFILT_WRITE, (events & POLLOUT) != 0);
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
    if (result == 0) result = Want(kqueue_, fd, EVFILT_EXCEPT, (events & kUrgent) != 0, NOTE_OOB);
#endif
    return result;
  }

  int RemoveLocked(Fd fd) {
    Want(kqueue_, fd, EVFILT_WRITE, false);
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
    Want(kqueue_, fd, EVFILT_EXCEPT, false);
#endif
    return Change(kqueue_, fd, EVFILT_READ, EV_DELETE);
  }

  const Fd kqueue_;
  Parking parking_;
  std::mutex mutex_;  // what is asked for is changed by one thread at a time
};

}  // namespace

int KqueueCreate() {
  const int fd = Checked(kqueue());
  if (fd < 0) return fd;
  const int result = SetInheritable(fd, false);
  if (result == 0) return fd;
  Close(fd);
  return result;
}

int KqueueControl(Fd kqueue, const Kevent* changes, size_t change_count, Kevent* events, size_t capacity,
                  int timeout_ms) {
  // The system reads all changes before it writes the first event.
  Events room(std::max(change_count, capacity));
  struct kevent* all = room.get();
  if (all == nullptr) return kNoMemory;
  for (size_t i = 0; i < change_count; ++i) all[i] = ToSystem(changes[i]);
  const struct timespec limit = ToTimespec(timeout_ms);
  const int count =
      Checked(kevent(kqueue, all, static_cast<int>(change_count), all, static_cast<int>(capacity), &limit));
  for (int i = 0; i < count; ++i) events[i] = FromSystem(all[i]);
  return count;
}

std::unique_ptr<Poller> CreatePoller(int* error) {
  if (PollIsForced()) return CreatePollPoller(error);
  const Fd kqueue = KqueueCreate();
  if (kqueue >= 0) return std::make_unique<KqueuePoller>(kqueue);
  *error = kqueue;
  return nullptr;
}

const char* PollerName() { return PollIsForced() ? "poll" : "kqueue"; }

}  // namespace berkeley::os
