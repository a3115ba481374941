// TLS connections: what does input and output.
#include <algorithm>
#include <cstring>

#include "handles.h"

namespace berkeley::napi {

namespace {

using tls::Connection;

// A connection that no call runs on: a callback must not call into what called it.
Connection* IdleConnection(ArgReader* args, size_t index) {
  auto* connection = Handle<Connection>(args, index);
  if (args->Failed() || !tls::InCall(connection)) return connection;
  args->FailRange(index, "is in the middle of a call, whose callback this is");
  return nullptr;
}

// How patient a call on a descriptor is: os::kSleep or os::kOnce.
bool Sleeps(ArgReader* args, size_t index) { return args->Wait(index) == os::kSleep; }

// createConnection(handle, context, serverSide, fd, incoming, outgoing, host, checkHost, postHandshakeAuth)
napi_value CreateConnection(napi_env env, napi_callback_info info) {
  Args<9> args(env, info);
  auto* context = Handle<tls::Context>(&args, 1);
  tls::ConnectionOptions options;
  options.server_side = args.Flag(2);
  options.fd = args.Int(3);
  if (!args.Failed() && !args.IsNull(4)) {
    options.incoming = Handle<tls::MemoryBio>(&args, 4);
    options.outgoing = Handle<tls::MemoryBio>(&args, 5);
  }
  const std::optional<std::string> host = args.StringTextOrNull(6);
  options.host = OrNull(host);
  options.check_host = args.Flag(7);
  options.post_handshake_auth = args.Flag(8);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::ConnectionPtr connection = tls::CreateConnection(context, options, &error);
  if (connection == nullptr) return PackError(env, error);
  Attach(&args, 0, std::move(connection));
  return args.Failed() ? nullptr : Number(env, 0);
}

napi_value ReleaseConnection(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  auto* connection = Handle<Connection>(&args, 0);
  if (args.Failed()) return nullptr;
  if (tls::InCall(connection)) {
    tls::Disconnect(connection);
    return nullptr;
  }
  void* object = nullptr;
  napi_remove_wrap(env, args.value(0), &object);
  Finalize<Connection>(env, connection, &args.state());
  return nullptr;
}

napi_value Handshake(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const bool sleeps = Sleeps(&args, 1);
  if (args.Failed()) return nullptr;
  JsCallbacks callbacks(args, 0);
  tls::Error error;
  return Result(env, tls::Handshake(connection, &callbacks, sleeps, &error), error);
}

// The most that one record holds.
constexpr size_t kRecordSize = 16 * 1024;

// Where callbacks run in between, the view may lose its memory: read elsewhere, and look at it again afterwards.
napi_value ReadAside(ArgReader* args, Connection* connection, size_t size, bool sleeps) {
  const napi_env env = args->env();
  uint8_t record[kRecordSize];
  JsCallbacks callbacks(*args, 0);
  tls::Error error;
  const int64_t count = tls::Read(connection, record, std::min(size, kRecordSize), &callbacks, sleeps, &error);
  if (count <= 0) return Result(env, count, error);
  const Bytes bytes = args->Head(1, 2);
  if (args->Failed()) return nullptr;
  memcpy(bytes.data, record, std::min(bytes.size, static_cast<size_t>(count)));
  return Number(env, count);
}

napi_value Read(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const Bytes bytes = args.Head(1, 2);
  const bool sleeps = Sleeps(&args, 3);
  if (args.Failed()) return nullptr;
  if (tls::CallsBack(connection)) return ReadAside(&args, connection, bytes.size, sleeps);
  JsCallbacks callbacks(args, 0);
  tls::Error error;
  return Result(env, tls::Read(connection, bytes.data, bytes.size, &callbacks, sleeps, &error), error);
}

napi_value Write(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const Bytes bytes = args.Head(1, 2);
  const bool sleeps = Sleeps(&args, 3);
  if (args.Failed()) return nullptr;
  JsCallbacks callbacks(args, 0);
  tls::Error error;
  if (!tls::CallsBack(connection)) {
    return Result(env, tls::Write(connection, ViewOf(bytes), &callbacks, sleeps, &error), error);
  }
  // As above: write from a copy.
  const tls::Bytes copy(bytes.data, bytes.data + bytes.size);
  return Result(env, tls::Write(connection, {copy.data(), copy.size()}, &callbacks, sleeps, &error), error);
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const bool waits = args.Flag(1);
  const bool sleeps = Sleeps(&args, 2);
  if (args.Failed()) return nullptr;
  JsCallbacks callbacks(args, 0);
  tls::Error error;
  return Result(env, tls::Shutdown(connection, waits, &callbacks, sleeps, &error), error);
}

napi_value SendFile(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const int file = args.Int(1);
  const int64_t offset = args.Offset(2), count = args.Offset(3);
  const bool sleeps = Sleeps(&args, 4);
  if (args.Failed()) return nullptr;
  JsCallbacks callbacks(args, 0);
  tls::Error error;
  return Result(env, tls::SendFile(connection, file, offset, static_cast<size_t>(count), &callbacks, sleeps, &error),
                error);
}

napi_value Pending(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Connection* connection = Handle<Connection>(&args, 0);
  if (args.Failed()) return nullptr;
  return Number(env, tls::Pending(connection));
}

napi_value SetContext(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Connection* connection = Handle<Connection>(&args, 0);  // also from a callback: that is what it is for
  auto* context = Handle<tls::Context>(&args, 1);
  if (args.Failed()) return nullptr;
  tls::SetContext(connection, context);
  return nullptr;
}

napi_value VerifyClientPostHandshake(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::VerifyClientPostHandshake(connection, &error), error);
}

napi_value UpdateKeys(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  Connection* connection = IdleConnection(&args, 0);
  const bool peer_too = args.Flag(1);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::UpdateKeys(connection, peer_too, &error), error);
}

constexpr Binding kRows[] = {
    {"createConnection", CreateConnection},
    {"releaseConnection", ReleaseConnection},
    {"handshake", Handshake},
    {"read", Read},
    {"write", Write},
    {"shutdown", Shutdown},
    {"sendFile", SendFile},
    {"pending", Pending},
    {"setContext", SetContext},
    {"verifyClientPostHandshake", VerifyClientPostHandshake},
    {"updateKeys", UpdateKeys},
};

}  // namespace

const BindingList kTlsConnectionBindings = ListOf(kRows);

}  // namespace berkeley::napi
