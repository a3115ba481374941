// The poller of Windows: an I/O completion port to which the socket driver sends its answers, one request in flight for
// each socket.
//
// A registration is in one of four states. Armed: the driver has its request, and answers when the socket is ready, is
// closed, or the request is cancelled. Found: the answer is there, and Wait has not told of it yet. Idle: the
// registration has to be armed again, which Wait and Park do first of all; since the driver then answers at once if the
// socket is still ready, readiness is level-triggered. Gone: removed while armed; it only waits for its answer, because
// the driver writes into it.
//
// A closed socket's number may soon be another's. Closing through this library ends a registration before the number is
// free (ForgetInPollers); a stranger's closing is an answer of the driver (kLocalClose), or a handle that cannot be
// armed.
#include <algorithm>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../poller.h"
#include "afd.h"

namespace berkeley::os {

namespace {

constexpr uint32_t kKnown = POLLIN | POLLPRI | POLLOUT | POLLWRBAND | POLLERR | POLLHUP;
// Packets that are taken from the port at a time.
constexpr ULONG kPackets = 64;
// The key of the packet that wakes Park up. The driver's packets have kAnswer.
constexpr ULONG_PTR kAnswer = 0;
constexpr ULONG_PTR kWakeUp = 1;
// How long the end of a poller waits for the last answers. All requests are cancelled by then.
constexpr DWORD kEndMs = 2000;

enum class State { kIdle, kArmed, kFound, kGone };

struct Registration {
  IO_STATUS_BLOCK status = {};  // first: its address is the registration's
  struct {
    afd::PollHeader header;
    afd::PollHandle handle;
  } request = {};
  Fd fd = kNoFd;
  HANDLE handle = nullptr;
  uint32_t wanted = 0;  // poll(2)'s bits
  ULONG asked = 0;      // the driver's, of the request in flight
  ULONG found = 0;      // the driver's
  State state = State::kIdle;
};
static_assert(offsetof(Registration, status) == 0);

class AfdPoller;

// Every poller of the process, for ForgetInPollers.
struct Pollers {
  std::mutex mutex;
  std::vector<AfdPoller*> all;
};

Pollers& AllPollers() {
  static Pollers* const pollers = new Pollers();  // never freed: threads may still end when the process does
  return *pollers;
}

class AfdPoller : public Poller {
 public:
  AfdPoller(HANDLE driver, HANDLE port) : driver_(driver), port_(port) {
    Pollers& pollers = AllPollers();
    const std::lock_guard<std::mutex> lock(pollers.mutex);
    pollers.all.push_back(this);
  }

  ~AfdPoller() override {
    {
      Pollers& pollers = AllPollers();
      const std::lock_guard<std::mutex> lock(pollers.mutex);
      pollers.all.erase(std::find(pollers.all.begin(), pollers.all.end(), this));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [fd, registration] : registrations_) Dismiss(registration);
    registrations_.clear();
    while (in_flight_ > 0 && Take(kEndMs)) {
    }
    CloseHandle(driver_);
    CloseHandle(port_);
  }

  int Add(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return kInvalid;
    HANDLE handle = nullptr;
    const int error = afd::BaseHandle(fd, &handle);
    if (error < 0) return error;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (registrations_.count(fd) > 0) return -EEXIST;
    return Start(fd, handle, events);
  }

  int Modify(Fd fd, uint32_t events) override {
    if ((events & ~kKnown) != 0) return kInvalid;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = registrations_.find(fd);
    if (found == registrations_.end()) return -ENOENT;
    Registration* registration = found->second;
    const bool asks = (afd::ToEvents(events) & ~registration->asked) == 0;
    if (registration->state != State::kArmed || asks) {
      // A request that asks for more than is wanted now is answered in vain once at most.
      registration->wanted = events;
      return 0;
    }
    const HANDLE handle = registration->handle;
    registrations_.erase(found);
    Dismiss(registration);
    return Start(fd, handle, events);
  }

  int Remove(Fd fd) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return Forget(fd) ? 0 : -ENOENT;
  }

  int Wait(PollerEvent* events, int capacity) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    Gather();
    int count = 0;
    while (count < capacity && !found_.empty()) {
      Registration* registration = found_.front();
      found_.pop_front();
      if (registration == nullptr) continue;
      const uint32_t bits = afd::FromEvents(registration->found, registration->wanted);
      if (bits != 0) events[count++] = {registration->fd, bits};
      registration->state = State::kIdle;
      idle_.push_back(registration);
    }
    return count;
  }

  // Takes answers until one is of interest, but leaves the telling of it to Wait.
  void Park(int timeout_ms) override {
    const ULONGLONG began = GetTickCount64();
    for (;;) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        Gather();
        if (woken_ || !found_.empty()) {
          woken_ = false;
          return;
        }
      }
      DWORD left = INFINITE;
      if (timeout_ms >= 0) {
        const ULONGLONG passed = GetTickCount64() - began;
        if (passed >= static_cast<ULONGLONG>(timeout_ms)) return;
        left = static_cast<DWORD>(timeout_ms - passed);
      }
      OVERLAPPED_ENTRY packets[kPackets];
      ULONG count = 0;
      if (!GetQueuedCompletionStatusEx(port_, packets, kPackets, &count, left, FALSE)) continue;
      const std::lock_guard<std::mutex> lock(mutex_);
      Consume(packets, count);
    }
  }

  void Wake() override { PostQueuedCompletionStatus(port_, 0, kWakeUp, nullptr); }

  // Whoever waits for it is told no more.
  void ForgetClosed(Fd fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Forget(fd);
  }

 private:
  // Begins to watch. Returns 0 or a negative code.
  int Start(Fd fd, HANDLE handle, uint32_t events) {
    auto* registration = new Registration();
    registration->fd = fd;
    registration->handle = handle;
    registration->wanted = events;
    registrations_.emplace(fd, registration);
    return Arm(registration);
  }

  // Hands the driver a request. Returns 0; or a negative code, and the registration is no more.
  int Arm(Registration* registration) {
    registration->state = State::kArmed;
    registration->request.header.timeout.QuadPart = INT64_MAX;
    registration->request.header.count = 1;
    registration->request.header.exclusive = 0;
    registration->asked = afd::ToEvents(registration->wanted);
    registration->request.handle = {registration->handle, registration->asked, 0};
    const NTSTATUS status = afd::Poll(driver_, nullptr, &registration->status, &registration->request.header);
    if (status == afd::kSuccess || status == afd::kPending) {
      ++in_flight_;
      return 0;
    }
    registrations_.erase(registration->fd);
    delete registration;
    return SystemError(RtlNtStatusToDosError(status));
  }

  void ArmIdle() {
    std::vector<Registration*> idle;
    idle.swap(idle_);
    for (Registration* registration : idle) {
      if (registration != nullptr) Arm(registration);
    }
  }

  // Arms what is idle, and takes the answers that are there.
  void Gather() {
    do {
      ArmIdle();
      while (Take(0)) {
      }
    } while (!idle_.empty());
  }

  // Gets rid of a registration that is no longer in registrations_: at once, or with its answer.
  void Dismiss(Registration* registration) {
    if (registration->state == State::kArmed) {
      registration->state = State::kGone;
      afd::Cancel(driver_, &registration->status);
      return;
    }
    if (registration->state == State::kFound) std::replace(found_.begin(), found_.end(), registration, kNone);
    if (registration->state == State::kIdle) std::replace(idle_.begin(), idle_.end(), registration, kNone);
    delete registration;
  }

  bool Forget(Fd fd) {
    const auto found = registrations_.find(fd);
    if (found == registrations_.end()) return false;
    Registration* registration = found->second;
    registrations_.erase(found);
    Dismiss(registration);
    return true;
  }

  // Takes answers from the port. False: there was none within `timeout_ms`.
  bool Take(DWORD timeout_ms) {
    OVERLAPPED_ENTRY packets[kPackets];
    ULONG count = 0;
    if (!GetQueuedCompletionStatusEx(port_, packets, kPackets, &count, timeout_ms, FALSE)) return false;
    Consume(packets, count);
    return true;
  }

  void Consume(const OVERLAPPED_ENTRY* packets, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
      if (packets[i].lpCompletionKey == kWakeUp) {
        woken_ = true;
      } else {
        Answered(reinterpret_cast<Registration*>(packets[i].lpOverlapped));
      }
    }
  }

  void Answered(Registration* registration) {
    --in_flight_;
    if (registration->state == State::kGone) {
      delete registration;
      return;
    }
    const NTSTATUS status = registration->status.Status;
    const bool answers = status == afd::kSuccess && registration->request.header.count > 0;
    const ULONG found = answers ? registration->request.handle.events : 0;
    // A request ends as cancelled if the thread ends that has made it.
    const bool failed = status != afd::kSuccess && status != afd::kCancelled;
    if (failed || (found & afd::kLocalClose) != 0) {
      registrations_.erase(registration->fd);
      delete registration;
    } else if (afd::FromEvents(found, registration->wanted) == 0) {
      // Less is wanted than was asked for.
      registration->state = State::kIdle;
      idle_.push_back(registration);
    } else {
      registration->found = found;
      registration->state = State::kFound;
      found_.push_back(registration);
    }
  }

  static constexpr Registration* kNone = nullptr;

  const HANDLE driver_;
  const HANDLE port_;
  std::mutex mutex_;
  std::unordered_map<Fd, Registration*> registrations_;
  std::deque<Registration*> found_;  // nullptr: removed
  std::vector<Registration*> idle_;  // likewise
  size_t in_flight_ = 0;
  bool woken_ = false;
};

}  // namespace

void ForgetInPollers(Fd fd) {
  Pollers& pollers = AllPollers();
  const std::lock_guard<std::mutex> lock(pollers.mutex);
  for (AfdPoller* poller : pollers.all) poller->ForgetClosed(fd);
}

std::unique_ptr<Poller> CreatePoller(int* error) {
  const HANDLE driver = afd::Open(error);
  if (driver == nullptr) return nullptr;
  const HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 0);
  if (port != nullptr && CreateIoCompletionPort(driver, port, kAnswer, 0) != nullptr) {
    return std::make_unique<AfdPoller>(driver, port);
  }
  *error = SystemError(GetLastError());
  CloseHandle(driver);
  if (port != nullptr) CloseHandle(port);
  return nullptr;
}

const char* PollerName() { return "afd"; }

}  // namespace berkeley::os
