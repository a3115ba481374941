#include "poll_poller.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "posix.h"

namespace berkeley::os {

namespace {

constexpr uint32_t kKnown =
    POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND;

class PollPoller : public Poller {
 public:
  explicit PollPoller(const Fd wake[2]) : wake_read_(wake[0]), wake_write_(wake[1]) {}
  ~PollPoller() override {
    Close(wake_read_);
    Close(wake_write_);
  }

  int Add(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return -EINVAL;
    const int refusal = CannotWait(fd);
    if (refusal < 0) return refusal;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (Find(fd) != entries_.end()) return -EEXIST;
    entries_.push_back({fd, static_cast<int16_t>(events), 0});
    return Changed();
  }

  int Modify(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return -EINVAL;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto entry = Find(fd);
    if (entry == entries_.end()) return -ENOENT;
    entry->events = static_cast<int16_t>(events);
    return Changed();
  }

  int Remove(Fd fd) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto entry = Find(fd);
    if (entry == entries_.end()) return -ENOENT;
    entries_.erase(entry);
    return Changed();
  }

  int Wait(PollerEvent* events, int capacity) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int found = Poll(entries_.data(), entries_.size(), 0);
    if (found <= 0) return found == -EINTR ? 0 : found;
    // Closing a descriptor ends its registration.
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(), IsClosed), entries_.end());
    int count = 0;
    auto entry = entries_.begin();
    for (; entry != entries_.end() && count < capacity; ++entry) {
      if (entry->revents != 0) events[count++] = {entry->fd, static_cast<uint16_t>(entry->revents)};
    }
    // The descriptors that this report has no room for come first in the next one.
    std::rotate(entries_.begin(), entry, entries_.end());
    return count;
  }

  void Park(int timeout_ms) override {
    for (;;) {
      std::vector<PollEntry> watched;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (woken_) {
          woken_ = false;
          return;
        }
        watched = entries_;
      }
      watched.push_back({wake_read_, POLLIN, 0});
      const int found = Poll(watched.data(), watched.size(), timeout_ms);
      if (found < 0) continue;
      if (found == 0) return;
      const bool changed = watched.back().revents != 0;
      if (changed) Drain();
      if (found > (changed ? 1 : 0)) return;
    }
  }

  void Wake() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    Changed();
  }

 private:
  static bool IsClosed(const PollEntry& entry) { return (entry.revents & POLLNVAL) != 0; }

  std::vector<PollEntry>::iterator Find(Fd fd) {
    return std::find_if(entries_.begin(), entries_.end(), [fd](const PollEntry& entry) { return entry.fd == fd; });
  }

  // Lets a parked thread look at the entries again. If the buffer is full, a wake-up is under way already.
  int Changed() {
    const char byte = 0;
    (void)!write(wake_write_, &byte, 1);
    return 0;
  }

  void Drain() {
    char bytes[64];
    while (read(wake_read_, bytes, sizeof(bytes)) > 0) {
    }
  }

  std::mutex mutex_;
  std::vector<PollEntry> entries_;
  bool woken_ = false;
  const Fd wake_read_, wake_write_;
};

}  // namespace

int CannotWait(Fd fd) {
  struct stat about = {};
  const int result = Checked(fstat(fd, &about));
  if (result < 0) return result;
  return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) ? -EPERM : 0;
}

bool PollIsForced() {
  static const bool forced = [] {
    const char* chosen = getenv("BERKELEY_POLLER");
    return chosen != nullptr && std::strcmp(chosen, "poll") == 0;
  }();
  return forced;
}

std::unique_ptr<Poller> CreatePollPoller(int* error) {
  // A socket pair takes the place of a pipe, because POSIX has no pipe that is created close-on-exec.
  Fd wake[2];
  *error = SocketPair(AF_UNIX, SOCK_STREAM, 0, wake);
  if (*error < 0) return nullptr;
  auto poller = std::make_unique<PollPoller>(wake);
  for (const Fd fd : wake) {
    *error = SetNonblocking(fd, true);
    if (*error < 0) return nullptr;
  }
  return poller;
}

}  // namespace berkeley::os
