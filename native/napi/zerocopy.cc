// The bindings that send without a copy. lib/socket/zerocopy.ts keeps the memory until the kernel has read it.
#include "args.h"
#include "os/os.h"
#include "owners.h"

namespace berkeley::napi {

namespace {

napi_value EnableZerocopy(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  return Number(env, os::EnableZerocopy(fd));
}

napi_value SendZerocopy(napi_env env, napi_callback_info info) {
  Args<8> args(env, info);
  const int fd = args.Int(0);
  const Bytes bytes = args.Part(1, 2, 3);
  const int flags = args.Int(4);
  const Bytes address = args.IsNull(5) ? Bytes() : args.Head(5, 6);
  const int wait = args.Wait(7);
  if (args.Failed()) return nullptr;
  const auto address_length = static_cast<uint32_t>(address.size);
  return Number(env, os::SendZerocopy(fd, bytes.data, bytes.size, flags, address.data, address_length, wait));
}

// The environment's memory goes away with it: what the kernel has not sent by then must not be sent.
napi_value AbortAtEnd(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0);
  const Claim claim = args.Offset(1);
  const bool abort = args.Flag(2);
  if (args.Failed()) return nullptr;
  SetAtEnd(fd, claim, abort ? AtEnd::kAbort : AtEnd::kClose);
  return nullptr;
}

constexpr Binding kRows[] = {
    {"enableZerocopy", EnableZerocopy},
    {"sendZerocopy", SendZerocopy},
    {"abortAtEnd", AbortAtEnd},
};

}  // namespace

const BindingList kZerocopyBindings = ListOf(kRows);

}  // namespace berkeley::napi
