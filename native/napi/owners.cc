#include "owners.h"

#include <algorithm>
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

struct Table {
  std::mutex mutex;
  Claim last = 0;
  Claims claims;
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

void Forget(os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.claims.erase(fd);
}

int New(State* owner, int fd) {
  if (fd < 0) return fd;
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.claims.erase(fd);
  table.claims.emplace(fd, Claimed{0, owner, AtEnd::kClose});
  return fd;
}

int CloseOwned(os::Fd fd, Claim claim) {
  Table& table = Owners();
  {
    const std::lock_guard<std::mutex> lock(table.mutex);
    if (Find(&table, fd, claim) == table.claims.end()) return os::kBadFd;
    table.claims.erase(fd);
  }
  return os::Close(fd);  // which may take its time (SO_LINGER): the other threads do not wait for it
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
      each = table.claims.count(fd) == 0 ? std::next(each) : ending.erase(each);
    }
  }
  for (const auto& [fd, at_end] : ending) at_end == AtEnd::kAbort ? os::Abort(fd) : os::Close(fd);
}

}  // namespace berkeley::napi
