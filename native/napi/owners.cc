#include "owners.h"

#include <mutex>
#include <unordered_map>

namespace berkeley::napi {

namespace {

struct Ownership {
  State* owner;
  AtEnd at_end;
};

struct Table {
  std::mutex mutex;
  std::unordered_map<os::Fd, Ownership> owned;
};

// Never freed: threads may still end when the process does.
Table& Owners() {
  static Table* const table = new Table();
  return *table;
}

}  // namespace

void Own(State* owner, os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.owned.insert_or_assign(fd, Ownership{owner, AtEnd::kClose});
}

void SetAtEnd(State* owner, os::Fd fd, AtEnd at_end) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.owned.find(fd);
  if (found != table.owned.end() && found->second.owner == owner) found->second.at_end = at_end;
}

void Disown(State* owner, os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.owned.find(fd);
  if (found != table.owned.end() && found->second.owner == owner) table.owned.erase(found);
}

void Forget(os::Fd fd) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  table.owned.erase(fd);
}

void EndOwned(State* owner) {
  Table& table = Owners();
  const std::lock_guard<std::mutex> lock(table.mutex);
  for (auto each = table.owned.begin(); each != table.owned.end();) {
    const auto [fd, ownership] = *each;
    if (ownership.owner != owner) {
      ++each;
      continue;
    }
    ownership.at_end == AtEnd::kAbort ? os::Abort(fd) : os::Close(fd);
    each = table.owned.erase(each);
  }
}

}  // namespace berkeley::napi
