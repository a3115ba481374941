// poll(2), made of one poll of the socket driver. WSAPoll is not: it refuses POLLPRI, and has no word for a failed
// connect.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "afd.h"

namespace berkeley::os {

namespace {

// What a thread needs to poll: the driver, and an event at which the driver answers.
struct Driver {
  HANDLE handle = nullptr;
  HANDLE event = nullptr;
  int error = 0;

  Driver() {
    handle = afd::Open(&error);
    event = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    if (error == 0 && event == nullptr) error = -ENOMEM;
  }
  ~Driver() {
    if (handle != nullptr) CloseHandle(handle);
    if (event != nullptr) CloseHandle(event);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

Driver& ThreadDriver() {
  thread_local Driver driver;
  return driver;
}

// Windows' clocks count units of 100 ns, and a time that is less than 0 begins now.
constexpr int64_t kUnitsPerMs = 10000;

// One poll. Returns 0 (what was found is in *header), or a negative code.
int PollOnce(afd::PollHeader* header, int timeout_ms) {
  Driver& driver = ThreadDriver();
  if (driver.error != 0) return driver.error;
  header->timeout.QuadPart = -kUnitsPerMs * timeout_ms;
  header->exclusive = 0;
  IO_STATUS_BLOCK status = {};
  ResetEvent(driver.event);
  NTSTATUS result = afd::Poll(driver.handle, driver.event, &status, header);
  if (result == afd::kPending) {
    // The driver itself ends the request in time.
    WaitForSingleObject(driver.event, INFINITE);
    result = status.Status;
  }
  if (result == afd::kTimeout) {
    header->count = 0;
    return 0;
  }
  return result < 0 ? SystemError(RtlNtStatusToDosError(result)) : 0;
}

// What the driver is asked, or has answered, by handle: a socket may have several entries, and is one handle to it.
using Events = std::unordered_map<HANDLE, ULONG>;

// Has the driver answer what is asked. Returns 0, and the answer in *events, or a negative code.
int Ask(Events* events, int timeout_ms) {
  std::vector<char> request(sizeof(afd::PollHeader) + events->size() * sizeof(afd::PollHandle));
  auto* header = reinterpret_cast<afd::PollHeader*>(request.data());
  auto* handles = reinterpret_cast<afd::PollHandle*>(header + 1);
  for (const auto& [handle, asked] : *events) handles[header->count++] = {handle, asked, 0};
  const int result = PollOnce(header, timeout_ms);
  if (result < 0) return result;
  const size_t answered = std::min<size_t>(header->count, events->size());
  for (auto& [handle, found] : *events) found = 0;
  for (size_t i = 0; i < answered; ++i) (*events)[handles[i].handle] |= handles[i].events;
  return 0;
}

// Marks the entries that are no sockets, and notes the handles of the others. Returns how many it has marked.
int FindHandles(PollEntry* entries, size_t count, HANDLE* handles) {
  int marked = 0;
  for (size_t i = 0; i < count; ++i) {
    entries[i].revents = 0;
    handles[i] = nullptr;
    if (entries[i].fd < 0 || afd::BaseHandle(entries[i].fd, &handles[i]) == 0) continue;
    entries[i].revents = POLLNVAL;
    ++marked;
  }
  return marked;
}

}  // namespace

int Poll(PollEntry* entries, size_t count, int timeout_ms) {
  std::vector<HANDLE> handles(count);
  int found = FindHandles(entries, count, handles.data());
  const auto wanted = [=](size_t i) -> uint32_t { return static_cast<uint16_t>(entries[i].events); };
  Events events;
  for (size_t i = 0; i < count; ++i) {
    if (handles[i] != nullptr) events[handles[i]] |= afd::ToEvents(wanted(i));
  }
  if (events.empty()) {
    if (found == 0 && timeout_ms > 0) Sleep(static_cast<DWORD>(timeout_ms));
    return found;
  }
  const int result = Ask(&events, found > 0 ? 0 : timeout_ms);
  if (result < 0) {
    // Another thread may have closed one meanwhile.
    const int marked = FindHandles(entries, count, handles.data());
    return marked > 0 ? marked : result;
  }
  for (size_t i = 0; i < count; ++i) {
    if (handles[i] == nullptr) continue;
    entries[i].revents = static_cast<int16_t>(afd::FromEvents(events[handles[i]], wanted(i)));
    if (entries[i].revents != 0) ++found;
  }
  return found;
}

int WaitReady(Fd fd, Direction direction, int timeout_ms) {
  PollEntry entry = {fd, static_cast<int16_t>(direction == Direction::kReading ? POLLIN : POLLOUT), 0};
  const int found = Poll(&entry, 1, timeout_ms);
  if (found > 0 && (entry.revents & POLLNVAL) != 0) return -WSAENOTSOCK;
  return found == 0 ? kNotReady : std::min(found, 0);
}

}  // namespace berkeley::os
