// kqueue(2), for select.kqueue: what macOS and the BSDs have and no other system.
#include "os/kqueue.h"
#include "napi/args.h"
#include "napi/owners.h"

namespace berkeley::napi {

namespace {

// JavaScript fills and reads it in place, as so many integers.
constexpr size_t kWords = 9;
static_assert(sizeof(os::Kevent) == kWords * sizeof(int32_t));

napi_value KqueueCreate(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  return Number(env, New(&args.state(), os::KqueueCreate()));
}

napi_value KqueueControl(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  const int kqueue = args.Int(0);
  size_t change_count = 0, capacity = 0;
  const int32_t* changes = args.Ints(1, 2, kWords, &change_count);
  int32_t* events = args.Ints(3, 4, kWords, &capacity);
  const int timeout_ms = args.Milliseconds(5);
  if (args.Failed()) return nullptr;
  if (change_count > INT32_MAX || capacity > INT32_MAX) return Number(env, os::kInvalid);
  return Number(env, os::KqueueControl(kqueue, reinterpret_cast<const os::Kevent*>(changes), change_count,
                                       reinterpret_cast<os::Kevent*>(events), capacity, timeout_ms));
}

constexpr Binding kRows[] = {
    {"kqueueCreate", KqueueCreate},
    {"kqueueControl", KqueueControl},
};

}  // namespace

const BindingList kPollerBindings = ListOf(kRows);

// These systems have nothing else of their own.
const BindingList kPlatformBindings = {nullptr, 0};

}  // namespace berkeley::napi
