// Pollers as objects of their own, for select.afd. JavaScript knows each by a number, which is never given again.
#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "napi/args.h"
#include "os/poller.h"

namespace berkeley::napi {

namespace {

// The environment closes what it has left open.
struct Opened {
  napi_env env;
  int number;
  std::shared_ptr<os::Poller> poller;
};

struct Table {
  std::mutex mutex;
  int last = 0;
  std::unordered_map<int, std::unique_ptr<Opened>> opened;
};

// Never freed: threads may still end when the process does.
Table& Pollers() {
  static Table* const table = new Table();
  return *table;
}

// Takes the poller out of the table. nullptr: there is none with this number in this environment.
std::unique_ptr<Opened> Take(napi_env env, int number) {
  Table& table = Pollers();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.opened.find(number);
  if (found == table.opened.end() || found->second->env != env) return nullptr;
  std::unique_ptr<Opened> taken = std::move(found->second);
  table.opened.erase(found);
  return taken;
}

void OnEnd(void* data) {
  auto* opened = static_cast<Opened*>(data);
  Take(opened->env, opened->number);
}

std::shared_ptr<os::Poller> Find(napi_env env, int number) {
  Table& table = Pollers();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const auto found = table.opened.find(number);
  if (found == table.opened.end() || found->second->env != env) return nullptr;
  return found->second->poller;
}

napi_value Create(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  int error = 0;
  std::shared_ptr<os::Poller> poller = os::CreatePoller(&error);
  if (poller == nullptr) return Number(env, error);
  auto opened = std::make_unique<Opened>();
  opened->env = env;
  opened->poller = std::move(poller);
  Table& table = Pollers();
  const std::lock_guard<std::mutex> lock(table.mutex);
  const int number = ++table.last;
  opened->number = number;
  if (napi_add_env_cleanup_hook(env, OnEnd, opened.get()) != napi_ok) return Number(env, os::kNoMemory);
  table.opened.emplace(number, std::move(opened));
  return Number(env, number);
}

napi_value Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int number = args.Int(0);
  if (args.Failed()) return nullptr;
  const std::unique_ptr<Opened> opened = Take(env, number);
  if (opened == nullptr) return Number(env, os::kInvalid);
  napi_remove_env_cleanup_hook(env, OnEnd, opened.get());
  return Number(env, 0);
}

template <int (os::Poller::*kCall)(os::Fd, uint32_t)>
napi_value Register(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int number = args.Int(0), fd = args.Int(1);
  const uint32_t events = args.Bits(2);
  if (args.Failed()) return nullptr;
  const auto poller = Find(env, number);
  return Number(env, poller == nullptr ? os::kInvalid : (poller.get()->*kCall)(fd, events));
}

napi_value Remove(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int number = args.Int(0), fd = args.Int(1);
  if (args.Failed()) return nullptr;
  const auto poller = Find(env, number);
  return Number(env, poller == nullptr ? os::kInvalid : poller->Remove(fd));
}

napi_value Wait(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int number = args.Int(0);
  size_t capacity = 0;
  int32_t* pairs = args.Ints(1, 2, 2, &capacity);
  const int timeout_ms = args.Milliseconds(3);
  if (args.Failed()) return nullptr;
  const auto poller = Find(env, number);
  if (poller == nullptr) return Number(env, os::kInvalid);
  auto* events = reinterpret_cast<os::PollerEvent*>(pairs);
  const int most = static_cast<int>(std::min<size_t>(capacity, INT32_MAX));
  int count = poller->Wait(events, most);
  if (count == 0 && timeout_ms > 0) {
    poller->Park(timeout_ms);
    count = poller->Wait(events, most);
  }
  return Number(env, count);
}

constexpr Binding kRows[] = {
    {"afdCreate", Create},
    {"afdClose", Close},
    {"afdAdd", Register<&os::Poller::Add>},
    {"afdModify", Register<&os::Poller::Modify>},
    {"afdRemove", Remove},
    {"afdWait", Wait},
};

}  // namespace

const BindingList kPollerBindings = ListOf(kRows);

}  // namespace berkeley::napi
