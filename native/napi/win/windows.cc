// What Windows alone has: sockets handed over to other processes, ioctl, and the system's stores of certificates.
#include "napi/args.h"
#include "napi/owners.h"
#include "napi/pack.h"
#include "os/handover.h"
#include "os/stores.h"

namespace berkeley::napi {

namespace {

napi_value Share(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0);
  const uint32_t process = args.Bits(1);
  const Bytes room = args.View(2);
  if (!args.Failed() && room.size != os::kShareSize) args.FailRange(2, "has another size");
  if (args.Failed()) return nullptr;
  return Number(env, os::Share(fd, process, room.data));
}

napi_value FromShare(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes told = args.View(0);
  if (!args.Failed() && told.size != os::kShareSize) args.FailRange(0, "has another size");
  if (args.Failed()) return nullptr;
  int32_t* out = args.state().info;
  return Number(env, New(&args.state(), os::FromShare(told.data, &out[0], &out[1], &out[2])));
}

napi_value Control(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const int fd = args.Int(0);
  const uint32_t command = args.Bits(1);
  const Bytes in = args.View(2);
  if (args.Failed()) return nullptr;
  return Number(env, os::Control(fd, command, in.data, static_cast<uint32_t>(in.size)));
}

Napi::Value PackEncoding(Napi::Env env, const char* encoding) {
  return encoding == nullptr ? env.Null() : Napi::Value(env, Text(env, encoding));
}

// `[bytes, encoding, purposes]` each; purposes is true if the certificate is trusted for all.
napi_value EnumCertificates(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string store = args.StringText(0);
  if (args.Failed()) return nullptr;
  std::vector<os::StoredCertificate> found;
  const int result = os::StoredCertificates(store.c_str(), &found);
  if (result < 0) return Number(env, result);
  return PackAll(env, found, [](Napi::Env env, const os::StoredCertificate& each) -> Napi::Value {
    napi_value purposes =
        each.trusted_for_all ? Boolean(env, true) : static_cast<napi_value>(PackAll(env, each.purposes, Text));
    return PackRow(env, {Copy(env, each.bytes.data(), each.bytes.size()), PackEncoding(env, each.encoding), purposes});
  });
}

napi_value EnumCrls(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string store = args.StringText(0);
  if (args.Failed()) return nullptr;
  std::vector<os::StoredList> found;
  const int result = os::StoredRevocations(store.c_str(), &found);
  if (result < 0) return Number(env, result);
  return PackAll(env, found, [](Napi::Env env, const os::StoredList& each) -> Napi::Value {
    return PackRow(env, {Copy(env, each.bytes.data(), each.bytes.size()), PackEncoding(env, each.encoding)});
  });
}

constexpr Binding kRows[] = {
    {"share", Share},       {"fromshare", FromShare}, {"control", Control}, {"enumCertificates", EnumCertificates},
    {"enumCrls", EnumCrls},
};

}  // namespace

const BindingList kPlatformBindings = ListOf(kRows);

}  // namespace berkeley::napi
