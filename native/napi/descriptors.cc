// The bindings for descriptors and options.
#include <algorithm>

#include "args.h"
#include "os/os.h"
#include "owners.h"

namespace berkeley::napi {

namespace {

napi_value Socket(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int family = args.Int(0), type = args.Int(1), protocol = args.Int(2);
  if (args.Failed()) return nullptr;
  return Number(env, New(&args.state(), os::Socket(family, type, protocol)));
}

napi_value SocketPair(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int family = args.Int(0), type = args.Int(1), protocol = args.Int(2);
  if (args.Failed()) return nullptr;
  os::Fd pair[2];
  const int result = os::SocketPair(family, type, protocol, pair);
  if (result >= 0) {
    for (const os::Fd fd : pair) New(&args.state(), fd);
    std::copy_n(pair, 2, args.state().info);
  }
  return Number(env, result);
}

// Makes a call that fills in an address. The address's size, cut to the room that there is, goes to info[0].
template <typename Call>
napi_value WithAddress(const ArgReader& args, Call call) {
  State& state = args.state();
  uint32_t length = kAddressSize;
  const int result = call(state.address, &length);
  state.info[0] = static_cast<int32_t>(std::min<uint32_t>(length, kAddressSize));
  return Number(args.env(), result);
}

napi_value Accept(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const int wait = args.Wait(1);
  if (args.Failed()) return nullptr;
  State* const state = &args.state();
  return WithAddress(
      args, [=](void* address, uint32_t* length) { return New(state, os::Accept(fd, address, length, wait)); });
}

napi_value GetSockName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return WithAddress(args, [=](void* address, uint32_t* length) { return os::GetSockName(fd, address, length); });
}

napi_value GetPeerName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return WithAddress(args, [=](void* address, uint32_t* length) { return os::GetPeerName(fd, address, length); });
}

napi_value Describe(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  int32_t* told = args.state().info;
  return Number(env, os::Describe(fd, &told[0], &told[1], &told[2]));
}

napi_value Bind(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0);
  const Bytes address = args.Head(1, 2);
  if (args.Failed()) return nullptr;
  return Number(env, os::Bind(fd, address.data, static_cast<uint32_t>(address.size)));
}

napi_value Connect(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int fd = args.Int(0);
  const Bytes address = args.Head(1, 2);
  const int wait = args.Wait(3);
  if (args.Failed()) return nullptr;
  return Number(env, os::Connect(fd, address.data, static_cast<uint32_t>(address.size), wait));
}

napi_value Listen(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0), backlog = args.Int(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::Listen(fd, backlog));
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0), how = args.Int(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::Shutdown(fd, how));
}

// Binds a call that takes nothing but a descriptor.
template <int (*kCall)(os::Fd)>
napi_value OfFd(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return Number(env, kCall(fd));
}

napi_value Duplicate(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return Number(env, New(&args.state(), os::Duplicate(fd)));
}

// Binds a call that switches something of a descriptor on or off.
template <int (*kCall)(os::Fd, bool)>
napi_value SwitchFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const bool on = args.Flag(1);
  if (args.Failed()) return nullptr;
  return Number(env, kCall(fd, on));
}

napi_value OwnFd(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return Number(env, fd < 0 ? 0 : Own(&args.state(), fd));
}

napi_value OwnsFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const Claim claim = args.Offset(1);
  if (args.Failed()) return nullptr;
  return Boolean(env, Owns(&args.state(), fd, claim));
}

// Duplicates a descriptor whose claim holds. This environment claims the duplicate.
napi_value HoldFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const Claim claim = args.Offset(1);
  if (args.Failed()) return nullptr;
  const int second = New(&args.state(), os::Duplicate(fd));
  if (second < 0) return Number(env, second);
  const Claim held = Own(&args.state(), second);
  // The claim is looked at after the descriptor was duplicated, because whoever closes a descriptor ends its claims
  // first.
  if (!Owns(&args.state(), fd, claim)) {
    CloseOwned(second, held);
    return Number(env, os::kBadFd);
  }
  return Number(env, second);
}

napi_value CloseOwnedFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const Claim claim = args.Offset(1);
  if (args.Failed()) return nullptr;
  return Number(env, CloseOwned(fd, claim));
}

napi_value Close(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return Number(env, CloseNumber(fd));
}

napi_value DisownFd(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const Claim claim = args.Offset(1);
  if (!args.Failed()) Disown(fd, claim);
  return nullptr;
}

napi_value GetSockOptInt(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0), level = args.Int(1), name = args.Int(2);
  if (args.Failed()) return nullptr;
  int32_t value = 0;  // an option of one byte fills only the first
  uint32_t length = sizeof(value);
  const int result = os::GetSockOpt(fd, level, name, &value, &length);
  args.state().info[0] = value;
  return Number(env, result);
}

napi_value SetSockOptInt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int fd = args.Int(0), level = args.Int(1), name = args.Int(2);
  const int32_t value = args.Int(3);
  if (args.Failed()) return nullptr;
  return Number(env, os::SetSockOpt(fd, level, name, &value, sizeof(value)));
}

napi_value GetSockOpt(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int fd = args.Int(0), level = args.Int(1), name = args.Int(2);
  const Bytes value = args.View(3);
  if (args.Failed()) return nullptr;
  uint32_t length = static_cast<uint32_t>(std::min<size_t>(value.size, INT32_MAX));
  const int result = os::GetSockOpt(fd, level, name, value.data, &length);
  return Number(env, result < 0 ? result : static_cast<int64_t>(length));
}

napi_value SetSockOpt(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const int fd = args.Int(0), level = args.Int(1), name = args.Int(2);
  Bytes value;
  if (args.IsNull(3)) {
    value.size = static_cast<size_t>(args.Count(4, UINT32_MAX));
  } else {
    value = args.Head(3, 4);
  }
  if (!args.Failed() && value.size > UINT32_MAX) args.FailRange(4, "is out of range");
  if (args.Failed()) return nullptr;
  return Number(env, os::SetSockOpt(fd, level, name, value.data, static_cast<uint32_t>(value.size)));
}

constexpr Binding kRows[] = {
    {"socket", Socket},
    {"socketpair", SocketPair},
    {"accept", Accept},
    {"bind", Bind},
    {"connect", Connect},
    {"listen", Listen},
    {"shutdown", Shutdown},
    {"getsockname", GetSockName},
    {"getpeername", GetPeerName},
    {"describe", Describe},
    {"close", Close},
    {"atMark", OfFd<os::AtMark>},
    {"dup", Duplicate},
    {"getInheritable", OfFd<os::GetInheritable>},
    {"setInheritable", SwitchFd<os::SetInheritable>},
    {"setNonblocking", SwitchFd<os::SetNonblocking>},
    {"own", OwnFd},
    {"owns", OwnsFd},
    {"hold", HoldFd},
    {"closeOwned", CloseOwnedFd},
    {"disown", DisownFd},
    {"getsockoptInt", GetSockOptInt},
    {"setsockoptInt", SetSockOptInt},
    {"getsockopt", GetSockOpt},
    {"setsockopt", SetSockOpt},
};

}  // namespace

const BindingList kDescriptorBindings = ListOf(kRows);

}  // namespace berkeley::napi
