// Readiness: poll, and the signals that a blocked thread holds up.
#include <chrono>

#include "args.h"
#include "os/os.h"
#include "signals.h"
#include "system/sleep.h"

namespace berkeley::napi {

namespace {

// JavaScript fills and reads it in place.
static_assert(sizeof(os::PollEntry) == 8 && offsetof(os::PollEntry, events) == 4 &&
              offsetof(os::PollEntry, revents) == 6);

napi_value Poll(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  size_t count = 0;
  int32_t* entries = args.Ints(0, 1, 2, &count);
  const int timeout_ms = args.Milliseconds(2);
  if (args.Failed()) return nullptr;
  return Number(env, os::Poll(reinterpret_cast<os::PollEntry*>(entries), count, timeout_ms));
}

napi_value PollOne(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0), events = args.Int(1), timeout_ms = args.Milliseconds(2);
  if (args.Failed()) return nullptr;
  os::PollEntry entry = {fd, static_cast<int16_t>(events), 0};
  const int result = os::Poll(&entry, 1, timeout_ms);
  return Number(env, result <= 0 ? result : static_cast<uint16_t>(entry.revents));
}

napi_value WaitLimit(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const bool sending = args.Flag(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::WaitLimit(fd, sending));
}

napi_value SleepsWithoutEnd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const bool sending = args.Flag(1);
  if (args.Failed()) return nullptr;
  return Boolean(env, os::SleepsWithoutEnd(fd, sending));
}

napi_value MonotonicMs(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  napi_value result = nullptr;
  const std::chrono::duration<double, std::milli> now = std::chrono::steady_clock::now().time_since_epoch();
  napi_create_double(env, now.count(), &result);
  return result;
}

napi_value SleepEnded(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  return Number(env, system_calls::SleepEnded());
}

napi_value SignalPending(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  uv_loop_t* const loop = args.state().uv;
  return Number(env, loop == nullptr ? 0 : ListenerDue(loop));
}

constexpr Binding kRows[] = {
    {"poll", Poll},
    {"pollOne", PollOne},
    {"waitLimit", WaitLimit},
    {"sleepsWithoutEnd", SleepsWithoutEnd},
    {"monotonicMs", MonotonicMs},
    {"sleepEnded", SleepEnded},
    {"signalPending", SignalPending},
};

}  // namespace

const BindingList kWaitingBindings = ListOf(kRows);

}  // namespace berkeley::napi
