// TLS sessions, and the memory BIOs of connections without a descriptor.
#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::Connection;
using tls::MemoryBio;
using tls::Session;

// getSession(connection, handle): 1, and the session is in the handle; 0: there is none.
napi_value GetSession(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* connection = Handle<Connection>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::SessionPtr session = tls::GetSession(connection, &error);
  if (session == nullptr) return error.text.empty() ? Number(env, 0) : PackError(env, error);
  Attach(&args, 1, std::move(session));
  return args.Failed() ? nullptr : Number(env, 1);
}

napi_value SetSession(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* connection = Handle<Connection>(&args, 0);
  auto* session = Handle<Session>(&args, 1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetSession(connection, session, &error), error);
}

napi_value DescribeSession(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* session = Handle<Session>(&args, 0);
  if (args.Failed()) return nullptr;
  const tls::SessionInfo described = tls::DescribeSession(session);
  return PackRow(env, {Pack(env, described.id), Number(env, described.time), Number(env, described.timeout),
                       Number(env, described.ticket_lifetime_hint), Boolean(env, described.has_ticket)});
}

napi_value SessionToBytes(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* session = Handle<Session>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Bytes der;
  tls::Error error;
  if (tls::SessionToBytes(session, &der, &error) < 0) return PackError(env, error);
  return Pack(env, der);
}

napi_value SessionFromBytes(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const Bytes der = args.View(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::SessionPtr session = tls::SessionFromBytes(ViewOf(der), &error);
  if (session == nullptr) return PackError(env, error);
  Attach(&args, 0, std::move(session));
  return args.Failed() ? nullptr : Number(env, 0);
}

constexpr Binding kSessionRows[] = {
    {"getSession", GetSession},
    {"setSession", SetSession},
    {"describeSession", DescribeSession},
    {"sessionToBytes", SessionToBytes},
    {"sessionFromBytes", SessionFromBytes},
};

napi_value CreateMemoryBio(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  if (args.Failed()) return nullptr;
  tls::MemoryBioPtr bio = tls::CreateMemoryBio();
  if (bio == nullptr) {
    napi_throw_error(env, nullptr, "out of memory");
    return nullptr;
  }
  Attach(&args, 0, std::move(bio));
  return nullptr;
}

napi_value MemoryPending(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* bio = Handle<MemoryBio>(&args, 0);
  if (args.Failed()) return nullptr;
  return Number(env, static_cast<int64_t>(tls::MemoryPending(bio)));
}

napi_value MemoryRead(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* bio = Handle<MemoryBio>(&args, 0);
  const Bytes bytes = args.View(1);
  if (args.Failed()) return nullptr;
  return Number(env, static_cast<int64_t>(tls::MemoryRead(bio, bytes.data, bytes.size)));
}

napi_value MemoryWrite(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  auto* bio = Handle<MemoryBio>(&args, 0);
  const Bytes bytes = args.View(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::MemoryWrite(bio, ViewOf(bytes), &error), error);
}

napi_value MemoryWriteEof(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* bio = Handle<MemoryBio>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::MemoryWriteEof(bio);
  return nullptr;
}

constexpr Binding kMemoryRows[] = {
    {"createMemoryBio", CreateMemoryBio}, {"memoryPending", MemoryPending},   {"memoryRead", MemoryRead},
    {"memoryWrite", MemoryWrite},         {"memoryWriteEof", MemoryWriteEof},
};

}  // namespace

const BindingList kTlsSessionBindings = ListOf(kSessionRows);
const BindingList kTlsMemoryBindings = ListOf(kMemoryRows);

}  // namespace berkeley::napi
