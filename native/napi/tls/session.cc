// The bindings for TLS sessions, and for the memory BIOs of connections without a descriptor.
#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::MemoryBio;
using tls::Session;

napi_value Describe(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* session = Self<Session>(&args);
  if (args.Failed()) return nullptr;
  const tls::SessionInfo described = tls::DescribeSession(session);
  return PackRow(env, {Pack(env, described.id), Number(env, described.time), Number(env, described.timeout),
                       Number(env, described.ticket_lifetime_hint), Boolean(env, described.has_ticket)});
}

napi_value ToBytes(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* session = Self<Session>(&args);
  if (args.Failed()) return nullptr;
  tls::Bytes der;
  tls::Error error;
  if (tls::SessionToBytes(session, &der, &error) < 0) return PackError(env, error);
  return Pack(env, der);
}

napi_value FromBytes(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes der = args.View(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::SessionPtr session = tls::SessionFromBytes(ViewOf(der), &error);
  if (session == nullptr) return PackError(env, error);
  return Wrap(args, std::move(session));
}

constexpr Binding kSessionRows[] = {
    {"fromBytes", FromBytes, true},
    {"describe", Describe},
    {"toBytes", ToBytes},
};

napi_value Create(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  tls::MemoryBioPtr bio = tls::CreateMemoryBio();
  if (bio == nullptr) {
    napi_throw_error(env, nullptr, "out of memory");
    return nullptr;
  }
  return Wrap(args, std::move(bio));
}

napi_value Pending(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* bio = Self<MemoryBio>(&args);
  if (args.Failed()) return nullptr;
  return Number(env, static_cast<int64_t>(tls::MemoryPending(bio)));
}

napi_value Read(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  auto* bio = Self<MemoryBio>(&args);
  const Bytes bytes = args.View(0);
  if (args.Failed()) return nullptr;
  return Number(env, static_cast<int64_t>(tls::MemoryRead(bio, bytes.data, bytes.size)));
}

napi_value Write(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  auto* bio = Self<MemoryBio>(&args);
  const Bytes bytes = args.View(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::MemoryWrite(bio, ViewOf(bytes), &error), error);
}

napi_value WriteEof(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* bio = Self<MemoryBio>(&args);
  if (args.Failed()) return nullptr;
  tls::MemoryWriteEof(bio);
  return nullptr;
}

constexpr Binding kMemoryRows[] = {
    {"create", Create, true}, {"pending", Pending}, {"read", Read}, {"write", Write}, {"writeEof", WriteEof},
};

}  // namespace

const BindingList kTlsSessionBindings = ListOf(kSessionRows);
const BindingList kTlsMemoryBindings = ListOf(kMemoryRows);

}  // namespace berkeley::napi
