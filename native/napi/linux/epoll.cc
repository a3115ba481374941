// epoll(7), which Linux alone has, for select.epoll.
#include <algorithm>

#include "napi/args.h"
#include "napi/owners.h"
#include "os/epoll.h"

namespace berkeley::napi {

namespace {

napi_value EpollCreate(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  return Number(env, New(&args.state(), os::EpollCreate()));
}

// Binds EpollAdd or EpollModify.
template <int (*kCall)(os::Fd, os::Fd, uint32_t)>
napi_value Register(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int epoll = args.Int(0), fd = args.Int(1);
  const uint32_t events = args.Bits(2);
  if (args.Failed()) return nullptr;
  return Number(env, kCall(epoll, fd, events));
}

napi_value EpollRemove(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int epoll = args.Int(0), fd = args.Int(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::EpollRemove(epoll, fd));
}

napi_value EpollWait(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int epoll = args.Int(0);
  const auto most = static_cast<int>(args.Count(1, kEventCount));
  const int timeout_ms = args.Milliseconds(2);
  if (args.Failed()) return nullptr;
  auto* events = reinterpret_cast<os::PollerEvent*>(args.state().events);
  return Number(env, os::EpollWait(epoll, events, most, timeout_ms));
}

napi_value EpollWaitInto(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int epoll = args.Int(0);
  size_t capacity = 0;
  int32_t* events = args.Ints(1, 2, 2, &capacity);
  const int timeout_ms = args.Milliseconds(3);
  if (args.Failed()) return nullptr;
  const int most = static_cast<int>(std::min<size_t>(capacity, INT32_MAX));
  return Number(env, os::EpollWait(epoll, reinterpret_cast<os::PollerEvent*>(events), most, timeout_ms));
}

constexpr Binding kRows[] = {
    {"epollCreate", EpollCreate},
    {"epollAdd", Register<os::EpollAdd>},
    {"epollModify", Register<os::EpollModify>},
    {"epollRemove", EpollRemove},
    {"epollWait", EpollWait},
    {"epollWaitInto", EpollWaitInto},
};

}  // namespace

const BindingList kPollerBindings = ListOf(kRows);

// Linux has nothing else of its own.
const BindingList kPlatformBindings = {nullptr, 0};

}  // namespace berkeley::napi
