// A kqueue(2) over epoll(7), timerfd and eventfd, so that native/os/bsd/kqueue.cc and select.kqueue run on Linux. It is
// written from the manual pages of FreeBSD and macOS, and proves nothing of their kernels.
//
// A queue is an epoll descriptor, which therefore polls readable while kevent() would find something. What stands in
// it:
//   * a watched descriptor, for its filters that are level-triggered;
//   * for each filter with EV_CLEAR or NOTE_LOWAT, an epoll descriptor of its own, which holds the watched one
//     edge-triggered;
//   * for each timer, a timerfd; for all of EVFILT_USER, an eventfd.
//
// What it does not know: which error a socket has (it says ECONNRESET; asking for it would take it), how many
// connections a listener holds (it says 1), signals, processes and files (EINVAL). A descriptor that is closed takes
// its filters with it: close(2) is wrapped at link time; of what others in the process close, a changed inode tells.
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "sys/event.h"

extern "C" int __real_close(int fd);
extern "C" int __wrap_close(int fd);

namespace {

using Key = std::pair<uintptr_t, int>;  // ident, filter

struct Knote {
  struct kevent event = {};  // flags: EV_ONESHOT, EV_CLEAR, EV_DISPATCH alone; fflags and data as asked for
  bool enabled = true;
  bool triggered = false;  // of EVFILT_USER
  int inner = -1;          // an epoll descriptor or a timerfd of its own
  uint64_t serial = 0;     // by which the queue's epoll names `inner`
};

// A watched descriptor.
struct File {
  dev_t device = 0;
  ino_t inode = 0;
  bool socket = false;
  uint32_t events = 0;  // in the queue's own epoll
  bool writing_first = false;
};

struct Queue {
  int epoll = -1;
  int pulse = -1;  // readable while a user's event is triggered
  std::map<Key, Knote> knotes;
  std::map<uint64_t, Key> serials;
  std::map<int, File> files;
};

std::mutex mutex;
std::map<int, Queue> queues;
uint64_t last_serial = 0;

constexpr uint64_t kSerial = uint64_t{1} << 62;
constexpr uint64_t kPulse = uint64_t{1} << 61;
constexpr int kAtOnce = 65536;

bool IsOfFile(int filter) { return filter == EVFILT_READ || filter == EVFILT_WRITE || filter == EVFILT_EXCEPT; }

bool HasInner(const Knote& knote) {
  return (knote.event.flags & EV_CLEAR) != 0 || (knote.event.fflags & NOTE_LOWAT) != 0;
}

uint32_t EpollEvents(int filter) {
  return filter == EVFILT_READ ? EPOLLIN | EPOLLRDHUP : filter == EVFILT_WRITE ? EPOLLOUT : EPOLLPRI;
}

int Control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {};
  event.events = events;
  event.data.u64 = data;
  return epoll_ctl(epoll, operation, fd, &event) < 0 ? errno : 0;
}

// ---- what is registered in the queue's epoll

void Refresh(Queue* queue, int fd) {
  const auto found = queue->files.find(fd);
  if (found == queue->files.end()) return;
  uint32_t events = 0;
  bool any = false;
  for (const int filter : {EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT}) {
    const auto knote = queue->knotes.find({fd, filter});
    if (knote == queue->knotes.end()) continue;
    any = true;
    if (knote->second.enabled && knote->second.inner < 0) events |= EpollEvents(filter);
  }
  File* file = &found->second;
  if (events != file->events) {
    const int operation = file->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    Control(queue->epoll, operation, fd, events, static_cast<uint64_t>(fd));
    file->events = events;
  }
  if (!any) queue->files.erase(found);
}

void Pulse(Queue* queue) {
  if (queue->pulse < 0) return;
  bool wanted = false;
  for (const auto& [key, knote] : queue->knotes) wanted |= knote.triggered && knote.enabled;
  uint64_t count = 1;
  if (wanted) {
    (void)!write(queue->pulse, &count, sizeof(count));
  } else {
    (void)!read(queue->pulse, &count, sizeof(count));
  }
}

void Enable(Queue* queue, Knote* knote, bool enabled) {
  if (knote->enabled == enabled) return;
  knote->enabled = enabled;
  if (knote->inner >= 0) {
    Control(queue->epoll, enabled ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, knote->inner, EPOLLIN, kSerial | knote->serial);
  } else if (IsOfFile(knote->event.filter)) {
    Refresh(queue, static_cast<int>(knote->event.ident));
  } else {
    Pulse(queue);
  }
}

void Delete(Queue* queue, std::map<Key, Knote>::iterator at) {
  const auto [key, knote] = *at;
  if (knote.inner >= 0) __real_close(knote.inner);
  queue->serials.erase(knote.serial);
  queue->knotes.erase(at);
  if (IsOfFile(key.second)) {
    Refresh(queue, static_cast<int>(key.first));
  } else {
    Pulse(queue);
  }
}

void DropFile(Queue* queue, int fd) {
  for (const int filter : {EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT}) {
    const auto at = queue->knotes.find({fd, filter});
    if (at != queue->knotes.end()) Delete(queue, at);
  }
}

// Whether fd is still what it was when it was registered; what it was has no filters any more, if not.
bool CheckFile(Queue* queue, int fd, const struct stat& about) {
  const auto found = queue->files.find(fd);
  if (found == queue->files.end()) return false;
  if (found->second.device == about.st_dev && found->second.inode == about.st_ino) return true;
  DropFile(queue, fd);
  return false;
}

// ---- changes

int WatchInner(Queue* queue, Knote* knote, int inner) {
  knote->inner = inner;
  knote->serial = ++last_serial;
  queue->serials[knote->serial] = {knote->event.ident, knote->event.filter};
  return Control(queue->epoll, EPOLL_CTL_ADD, inner, EPOLLIN, kSerial | knote->serial);
}

int StartTimer(Queue* queue, Knote* knote) {
  if (knote->event.data < 0) return EINVAL;
  const int64_t unit = (knote->event.fflags & NOTE_SECONDS) != 0    ? 1000000000
                       : (knote->event.fflags & NOTE_USECONDS) != 0 ? 1000
                       : (knote->event.fflags & NOTE_NSECONDS) != 0 ? 1
                                                                    : 1000000;
  if (knote->event.data > INT64_MAX / unit) return EINVAL;
  const int64_t ns = std::max<int64_t>(knote->event.data * unit, 1);
  struct itimerspec when = {};
  when.it_value = {ns / 1000000000, ns % 1000000000};
  if ((knote->event.flags & EV_ONESHOT) == 0) when.it_interval = when.it_value;
  if (knote->inner < 0) {
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0) return errno;
    const int error = WatchInner(queue, knote, timer);
    if (error != 0) return error;
  }
  return timerfd_settime(knote->inner, 0, &when, nullptr) < 0 ? errno : 0;
}

int StartFile(Queue* queue, Knote* knote, const struct stat& about) {
  const int fd = static_cast<int>(knote->event.ident);
  // Whether it can be watched at all, and is not watched yet.
  int error = Control(queue->epoll, EPOLL_CTL_ADD, fd, 0, static_cast<uint64_t>(fd));
  if (error == 0) Control(queue->epoll, EPOLL_CTL_DEL, fd, 0, 0);
  if (error != 0 && error != EEXIST) return error;
  queue->files.try_emplace(fd, File{about.st_dev, about.st_ino, S_ISSOCK(about.st_mode), 0, false});
  if (!HasInner(*knote)) return 0;
  const int inner = epoll_create1(EPOLL_CLOEXEC);
  if (inner < 0) return errno;
  error = WatchInner(queue, knote, inner);
  return error != 0 ? error : Control(inner, EPOLL_CTL_ADD, fd, EpollEvents(knote->event.filter) | EPOLLET, 0);
}

int StartUser(Queue* queue) {
  if (queue->pulse >= 0) return 0;
  queue->pulse = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return queue->pulse < 0 ? errno : Control(queue->epoll, EPOLL_CTL_ADD, queue->pulse, EPOLLIN, kPulse);
}

void ChangeUser(Queue* queue, Knote* knote, const struct kevent& change) {
  const unsigned given = change.fflags & NOTE_FFLAGSMASK;
  unsigned* flags = &knote->event.fflags;
  switch (change.fflags & NOTE_FFCTRLMASK) {
    case NOTE_FFAND:
      *flags &= given;
      break;
    case NOTE_FFOR:
      *flags |= given;
      break;
    case NOTE_FFCOPY:
      *flags = given;
      break;
    default:
      break;
  }
  knote->event.data = change.data;
  if ((change.fflags & NOTE_TRIGGER) != 0) knote->triggered = true;
  Pulse(queue);
}

int Add(Queue* queue, const struct kevent& change, const struct stat& about) {
  Knote* knote = &queue->knotes[{change.ident, change.filter}];
  knote->event = change;
  knote->event.flags &= EV_ONESHOT | EV_CLEAR | EV_DISPATCH;
  int error = 0;
  if (IsOfFile(change.filter)) {
    error = StartFile(queue, knote, about);
  } else if (change.filter == EVFILT_TIMER) {
    knote->event.flags |= EV_CLEAR;
    error = StartTimer(queue, knote);
  } else {
    knote->event.fflags = 0;
    error = StartUser(queue);
    if (error == 0) ChangeUser(queue, knote, change);
  }
  const auto at = queue->knotes.find({change.ident, change.filter});
  if (error != 0) {
    Delete(queue, at);
  } else if ((change.flags & EV_DISABLE) != 0) {
    Enable(queue, knote, false);
  }
  if (IsOfFile(change.filter)) Refresh(queue, static_cast<int>(change.ident));
  return error;
}

// What was given with the filter is given anew; EV_CLEAR and its like stay as they were.
int Alter(Queue* queue, Knote* knote, const struct kevent& change) {
  knote->event.udata = change.udata;
  if (change.filter == EVFILT_USER) {
    ChangeUser(queue, knote, change);
  } else if (change.filter != EVFILT_TIMER) {
    knote->event.fflags = change.fflags;
    knote->event.data = change.data;
  } else if ((change.flags & EV_ADD) != 0) {
    knote->event.fflags = change.fflags;
    knote->event.data = change.data;
    const int error = StartTimer(queue, knote);
    if (error != 0) return error;
  }
  if ((change.flags & EV_DISABLE) != 0) {
    Enable(queue, knote, false);
  } else if ((change.flags & (EV_ADD | EV_ENABLE)) != 0) {
    Enable(queue, knote, true);
  }
  return 0;
}

// An error number, or 0.
int Change(Queue* queue, const struct kevent& change) {
  struct stat about = {};
  if (IsOfFile(change.filter)) {
    if (change.ident > INT32_MAX || fstat(static_cast<int>(change.ident), &about) < 0) return EBADF;
    CheckFile(queue, static_cast<int>(change.ident), about);
  } else if (change.filter != EVFILT_TIMER && change.filter != EVFILT_USER) {
    return EINVAL;
  }
  const auto at = queue->knotes.find({change.ident, change.filter});
  if (at == queue->knotes.end()) return (change.flags & EV_ADD) == 0 ? ENOENT : Add(queue, change, about);
  if ((change.flags & EV_DELETE) == 0) return Alter(queue, &at->second, change);
  Delete(queue, at);
  return 0;
}

// ---- events

int64_t Readable(int fd) {
  int listens = 0;
  socklen_t length = sizeof(listens);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0) return 1;
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? count : 1;
}

int64_t Writable(int fd, bool socket) {
  int room = PIPE_BUF, sent = 0;
  socklen_t length = sizeof(room);
  if (socket) getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &length);
  return ioctl(fd, SIOCOUTQ, &sent) == 0 ? room - sent : room;
}

// Whether the filter has an event, now that epoll says `mask`: then the event.
bool Evaluate(const Knote& knote, bool socket, uint32_t mask, struct kevent* event) {
  const int fd = static_cast<int>(knote.event.ident);
  *event = knote.event;
  event->fflags = 0;
  bool eof = false;
  switch (knote.event.filter) {
    case EVFILT_READ:
      if ((mask & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return false;
      eof = (mask & (EPOLLRDHUP | EPOLLHUP)) != 0;
      event->data = Readable(fd);
      break;
    case EVFILT_WRITE:
      if ((mask & (EPOLLOUT | EPOLLHUP | EPOLLERR)) == 0) return false;
      eof = (mask & EPOLLHUP) != 0 || (!socket && (mask & EPOLLERR) != 0);
      event->data = Writable(fd, socket);
      break;
    default:
      event->fflags = NOTE_OOB;
      event->data = Readable(fd);
      return (mask & EPOLLPRI) != 0;
  }
  if (eof) {
    event->flags |= EV_EOF;
    if (socket && (mask & EPOLLERR) != 0) event->fflags = ECONNRESET;
    return true;
  }
  return (knote.event.fflags & NOTE_LOWAT) == 0 || event->data >= knote.event.data;
}

// The events of one call.
class Found {
 public:
  Found(Queue* queue, struct kevent* events, int room) : queue_(queue), events_(events), room_(room) {}

  int count() const { return count_; }
  bool full() const { return count_ == room_; }

  void TakeFile(int fd, uint32_t mask) {
    struct stat about = {};
    if (fstat(fd, &about) < 0 || !CheckFile(queue_, fd, about)) return;
    File* file = &queue_->files[fd];
    const bool socket = file->socket;
    int filters[] = {EVFILT_READ, EVFILT_WRITE, EVFILT_EXCEPT};
    if (file->writing_first) std::swap(filters[0], filters[1]);
    file->writing_first = !file->writing_first;
    for (const int filter : filters) {
      const auto at = queue_->knotes.find({fd, filter});
      if (full() || at == queue_->knotes.end() || !at->second.enabled || at->second.inner >= 0) continue;
      struct kevent event;
      if (Evaluate(at->second, socket, mask, &event)) Report(at, event);
    }
  }

  void TakeInner(uint64_t serial) {
    const auto named = queue_->serials.find(serial);
    if (full() || named == queue_->serials.end()) return;
    const auto at = queue_->knotes.find(named->second);
    Knote* knote = &at->second;
    if (!knote->enabled) return;
    if (knote->event.filter == EVFILT_TIMER) {
      uint64_t expirations = 0;
      if (read(knote->inner, &expirations, sizeof(expirations)) < 0) return;
      struct kevent event = knote->event;
      event.data = static_cast<int64_t>(expirations);
      event.fflags = 0;
      return Report(at, event);
    }
    struct epoll_event edge;
    if (epoll_wait(knote->inner, &edge, 1, 0) < 1) return;
    const int fd = static_cast<int>(knote->event.ident);
    struct stat about = {};
    struct kevent event;
    if (fstat(fd, &about) < 0 || !CheckFile(queue_, fd, about)) return;
    if (!Evaluate(*knote, S_ISSOCK(about.st_mode), edge.events, &event)) return;
    // A low-water mark alone is level-triggered: the edge comes again as long as there is something.
    if ((knote->event.flags & EV_CLEAR) == 0) {
      Control(knote->inner, EPOLL_CTL_MOD, fd, EpollEvents(knote->event.filter) | EPOLLET, 0);
    }
    Report(at, event);
  }

  void TakeUsers() {
    std::vector<Key> triggered;
    for (const auto& [key, knote] : queue_->knotes) {
      if (knote.triggered && knote.enabled) triggered.push_back(key);
    }
    for (const Key& key : triggered) {
      if (full()) break;
      const auto at = queue_->knotes.find(key);
      if ((at->second.event.flags & EV_CLEAR) != 0) at->second.triggered = false;
      Report(at, at->second.event);
    }
    Pulse(queue_);
  }

 private:
  void Report(std::map<Key, Knote>::iterator at, const struct kevent& event) {
    events_[count_++] = event;
    if ((event.flags & EV_ONESHOT) != 0) {
      Delete(queue_, at);
    } else if ((event.flags & EV_DISPATCH) != 0) {
      Enable(queue_, &at->second, false);
    }
  }

  Queue* const queue_;
  struct kevent* const events_;
  const int room_;
  int count_ = 0;
};

int Collect(Queue* queue, struct kevent* events, int room) {
  std::vector<struct epoll_event> ready(static_cast<size_t>(std::min(room, kAtOnce)));
  const int count = epoll_wait(queue->epoll, ready.data(), static_cast<int>(ready.size()), 0);
  Found found(queue, events, room);
  for (int i = 0; i < count; ++i) {
    const uint64_t name = ready[static_cast<size_t>(i)].data.u64;
    if (name == kPulse) {
      found.TakeUsers();
    } else if ((name & kSerial) != 0) {
      found.TakeInner(name & ~kSerial);
    } else {
      found.TakeFile(static_cast<int>(name), ready[i].events);
    }
  }
  return found.count();
}

// Makes the changes. Returns how many events have come of it, or -1 with errno.
int ChangeAll(Queue* queue, const std::vector<struct kevent>& changes, struct kevent* events, int room) {
  int count = 0;
  for (const struct kevent& change : changes) {
    const int error = Change(queue, change);
    if (error == 0 && (change.flags & EV_RECEIPT) == 0) continue;
    if (count < room) {
      events[count] = change;
      events[count].flags = EV_ERROR;
      events[count++].data = error;
    } else if (error != 0) {
      errno = error;
      return -1;
    }
  }
  return count;
}

int64_t NowNs() {
  struct timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

}  // namespace

int kqueue() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return -1;
  const std::lock_guard<std::mutex> lock(mutex);
  queues[epoll] = Queue();
  queues[epoll].epoll = epoll;
  return epoll;
}

int kevent(int fd, const struct kevent* changes, int change_count, struct kevent* events, int room,
           const struct timespec* timeout) {
  // The same array may be both lists.
  const std::vector<struct kevent> copied(changes, changes + change_count);
  const int64_t limit = timeout == nullptr ? INT64_MAX : int64_t{timeout->tv_sec} * 1000000000 + timeout->tv_nsec;
  const int64_t began = limit > 0 && limit < INT64_MAX ? NowNs() : 0;
  bool changed = false;
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      const auto queue = queues.find(fd);
      if (queue == queues.end()) {
        errno = EBADF;
        return -1;
      }
      if (!changed) {
        const int count = ChangeAll(&queue->second, copied, events, room);
        if (count != 0) return count;
        changed = true;
      }
      if (room == 0) return 0;
      const int count = Collect(&queue->second, events, room);
      if (count > 0) return count;
    }
    const int64_t left = limit == INT64_MAX ? limit : limit <= 0 ? 0 : limit - (NowNs() - began);
    if (left <= 0) return 0;
    struct pollfd entry = {fd, POLLIN, 0};
    const int wait_ms = left == INT64_MAX ? -1 : static_cast<int>(std::min<int64_t>(left / 1000000 + 1, INT32_MAX));
    if (poll(&entry, 1, wait_ms) < 0) return -1;
  }
}

int __wrap_close(int fd) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    for (auto& [number, queue] : queues) DropFile(&queue, fd);
    const auto found = queues.find(fd);
    if (found != queues.end()) {
      for (const auto& [key, knote] : found->second.knotes) {
        if (knote.inner >= 0) __real_close(knote.inner);
      }
      if (found->second.pulse >= 0) __real_close(found->second.pulse);
      queues.erase(found);
    }
  }
  return __real_close(fd);
}
