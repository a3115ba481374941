#include "owners.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <unordered_map>

namespace berkeley::napi {

namespace {

struct Claimed {
  Claim claim;
  const State* owner;
  AtEnd at_end;
};

using Claims = std::unordered_multimap<os::Fd, Claimed>;

// How many calls use a number, and whether it is to be closed when they have ended.
struct Use {
  int calls = 0;
  bool ends = false;
  AtEnd how = AtEnd::kClose;
};

struct Table {
  std::mutex mutex;
  Claim last = 0;
  Claims claims;
  std::unordered_map<os::Fd, Use> uses;
};

// Never freed: threads may still end when the process does.
Table& Owners() {
  static Table* const table = new Table();
  return *table;
}

Claims::iterator Find(Table* table, os::Fd fd, Claim claim) {
  const auto [first, last] = table->claims.equal_range(fd);
  const auto found = std::find_if(first, last, [=](const auto& each) { return each.second.claim == claim; });
  return found == last ? table->claims.end() : found;
}

std::atomic<uint64_t> endings_in_use{0};

// Leaves the closing to the calls that use the number. False: there are none.
bool LeftToCalls(Table* table, os::Fd fd, AtEnd how) {
  const auto use = table->uses.find(fd);
  if (use == table->uses.end()) return false;
  ++endings_in_use;
  use->second.ends = true;
  use->second.how = std::max(use->second.how, how);
  return true;
}

int Close(os::Fd fd, AtEnd how) { return how == AtEnd::kAbort ? os::Abort(fd) : os::Close(fd); }

}  // namespace

Claim Own(State* owner, os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const Claim claim = ++table.last;
  const auto [first, last] = table.claims.equal_range(fd);
  const auto unnamed =
      std::find_if(first, last, [=](const auto& each) { return each.second.claim == 0 && each.second.owner == owner; });
  if (unnamed != last) {
    unnamed->second.claim = claim;
  } else {
    table.claims.emplace(fd, Claimed{claim, owner, AtEnd::kClose});
  }
  return claim;
}

bool Owns(const State* owner, os::Fd fd, Claim claim) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  if (claim != 0) return Find(&table, fd, claim) != table.claims.end();
  const auto [first, last] = table.claims.equal_range(fd);
  return std::any_of(first, last, [=](const auto& each) { return each.second.owner == owner; });
}

void SetAtEnd(os::Fd fd, Claim claim, AtEnd at_end) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = Find(&table, fd, claim);
  if (found != table.claims.end()) found->second.at_end = at_end;
}

void Disown(os::Fd fd, Claim claim) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = Find(&table, fd, claim);
  if (found != table.claims.end()) table.claims.erase(found);
}

int CloseNumber(os::Fd fd) {
  Table& table = Owners();
  {
    // The claims end before the descriptor is closed, because its number may be another thread's right afterwards.
    const std::lock_guard<std::mutex> lock(table.mutex);
    table.claims.erase(fd);
    if (const auto use = table.uses.find(fd); use != table.uses.end() && use->second.ends) return os::kBadFd;
    if (LeftToCalls(&table, fd, AtEnd::kClose)) return 0;
  }
  return os::Close(fd);  // which may take its time (SO_LINGER): the other threads do not wait for it
}

void Forget(os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.claims.erase(fd);
  if (table.uses.count(fd) != 0) ++endings_in_use;
}

int New(State* owner, int fd) {
  if (fd < 0) return fd;
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.claims.erase(fd);
  table.claims.emplace(fd, Claimed{0, owner, AtEnd::kClose});
  if (table.uses.count(fd) != 0) ++endings_in_use;
  return fd;
}

int CloseOwned(os::Fd fd, Claim claim) {
  Table& table = Owners();
  {
    const std::lock_guard<std::mutex> lock(table.mutex);
    if (Find(&table, fd, claim) == table.claims.end()) return os::kBadFd;
    table.claims.erase(fd);
    if (LeftToCalls(&table, fd, AtEnd::kClose)) return 0;
  }
  return os::Close(fd);  // as above
}

void EndOwned(const State* owner) {
  std::unordered_map<os::Fd, AtEnd> ending;
  Table& table = Owners();
  {
    const std::lock_guard<std::mutex> lock(table.mutex);
    for (auto each = table.claims.begin(); each != table.claims.end();) {
      const auto [fd, claimed] = *each;
      if (claimed.owner != owner) {
        ++each;
        continue;
      }
      AtEnd& at_end = ending.emplace(fd, AtEnd::kClose).first->second;
      at_end = std::max(at_end, claimed.at_end);
      each = table.claims.erase(each);
    }
    for (auto each = ending.begin(); each != ending.end();) {
      const auto [fd, at_end] = *each;
      // Who sends this environment's memory must not go on, whoever claims it besides.
      if (at_end == AtEnd::kAbort) table.claims.erase(fd);
      const bool left = table.claims.count(fd) > 0 || LeftToCalls(&table, fd, at_end);
      each = left ? ending.erase(each) : std::next(each);
    }
  }
  for (const auto& [fd, at_end] : ending) Close(fd, at_end);
}

uint64_t EndingsInUse() { return endings_in_use.load(std::memory_order_relaxed); }

UseScope::UseScope(os::Fd fd, Claim claim) : fd_(fd), uses_(claim != 0), holds_(true) {
  if (!uses_) return;
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  holds_ = Find(&table, fd, claim) != table.claims.end();
  uses_ = holds_;
  if (holds_) ++table.uses[fd].calls;
}

UseScope::~UseScope() {
  if (!uses_) return;
  Table& table = Owners();
  Use use;
  {
    const std::lock_guard<std::mutex> lock(table.mutex);
    const auto found = table.uses.find(fd_);
    if (--found->second.calls > 0) return;
    use = found->second;
    table.uses.erase(found);
    // Of whoever has taken the number over meanwhile, not knowing that it was closed.
    if (use.ends) table.claims.erase(fd_);
  }
  if (use.ends) Close(fd_, use.how);
}

}  // namespace berkeley::napi
