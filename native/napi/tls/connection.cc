// The bindings of TLS connections that do input and output.
#include <algorithm>
#include <cstring>

#include "callbacks.h"
#include "handles.h"
#include "napi/owners.h"

namespace berkeley::napi {

namespace {

using tls::Connection;

// Returns a connection on which no call runs, because a callback must not call the connection that called it.
Connection* IdleSelf(ArgReader* args) {
  auto* connection = Self<Connection>(args);
  if (args->Failed() || !tls::InCall(connection)) return connection;
  args->FailReceiver("a connection that is not in the middle of a call, whose callback this is");
  return nullptr;
}

// Makes a call on a connection, which gets the callbacks, whether it may sleep, and where to put an error. `sleeper` is
// the claim under which it sleeps; 0: it does not.
template <typename Call>
napi_value Transfer(const ArgReader& args, const Connection* connection, Claim sleeper, Call call) {
  const UseScope use(tls::DescriptorOf(connection), sleeper);
  JsCallbacks callbacks(args);
  tls::Error error;
  const int64_t result = use.holds() ? call(&callbacks, sleeper != 0, &error) : tls::FailWithoutDescriptor(&error);
  return Result(args.env(), result, error);
}

// create(context, serverSide, fd, incoming, outgoing, host, checkHost, postHandshakeAuth, callbacks)
napi_value Create(napi_env env, napi_callback_info info) {
  Args<9> args(env, info);
  auto* context = Held<tls::Context>(&args, 0);
  tls::ConnectionOptions options;
  options.server_side = args.Flag(1);
  options.fd = args.Int(2);
  if (!args.Failed() && !args.IsNull(3)) {
    options.incoming = Held<tls::MemoryBio>(&args, 3);
    options.outgoing = Held<tls::MemoryBio>(&args, 4);
  }
  const std::optional<std::string> host = args.StringTextOrNull(5);
  options.host = OrNull(host);
  options.check_host = args.Flag(6);
  options.post_handshake_auth = args.Flag(7);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::ConnectionPtr connection = tls::CreateConnection(context, options, &error);
  if (connection == nullptr) return PackError(env, error);
  const napi_value handle = Wrap(args, std::move(connection));
  if (handle != nullptr) napi_set_named_property(env, handle, kCallbacks, args.value(8));
  return handle;
}

napi_value Release(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  if (tls::InCall(connection)) {
    tls::Disconnect(connection);
  } else {
    if (auto* handle = Receiver<Connection>(args); handle != nullptr) handle->Put(nullptr);
  }
  return nullptr;
}

napi_value Handshake(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Connection* connection = IdleSelf(&args);
  const Claim sleeper = args.Offset(0);
  if (args.Failed()) return nullptr;
  return Transfer(args, connection, sleeper, [=](JsCallbacks* callbacks, bool sleeps, tls::Error* error) {
    return tls::Handshake(connection, callbacks, sleeps, error);
  });
}

// The most bytes that one record holds.
constexpr size_t kRecordSize = 16 * 1024;

// Where callbacks run in between, the view may lose its memory: read elsewhere, and look at it again afterwards.
int64_t ReadAside(ArgReader* args, Connection* connection, size_t size, JsCallbacks* callbacks, bool sleeps,
                  tls::Error* error) {
  uint8_t record[kRecordSize];
  const int64_t count = tls::Read(connection, record, std::min(size, kRecordSize), callbacks, sleeps, error);
  if (count <= 0) return count;
  const Bytes bytes = args->Head(0, 1);
  if (!args->Failed()) memcpy(bytes.data, record, std::min(bytes.size, static_cast<size_t>(count)));
  return count;
}

napi_value Read(napi_env env, napi_callback_info info) {
  MethodArgs<3> args(env, info);
  Connection* connection = IdleSelf(&args);
  const Bytes bytes = args.Head(0, 1);
  const Claim sleeper = args.Offset(2);
  if (args.Failed()) return nullptr;
  return Transfer(args, connection, sleeper, [&](JsCallbacks* callbacks, bool sleeps, tls::Error* error) {
    return tls::CallsBack(connection) ? ReadAside(&args, connection, bytes.size, callbacks, sleeps, error)
                                      : tls::Read(connection, bytes.data, bytes.size, callbacks, sleeps, error);
  });
}

napi_value Write(napi_env env, napi_callback_info info) {
  MethodArgs<3> args(env, info);
  Connection* connection = IdleSelf(&args);
  const Bytes bytes = args.Head(0, 1);
  const Claim sleeper = args.Offset(2);
  if (args.Failed()) return nullptr;
  return Transfer(args, connection, sleeper, [=](JsCallbacks* callbacks, bool sleeps, tls::Error* error) {
    if (!tls::CallsBack(connection)) return tls::Write(connection, ViewOf(bytes), callbacks, sleeps, error);
    // As above: write from a copy.
    const tls::Bytes copy(bytes.data, bytes.data + bytes.size);
    return tls::Write(connection, {copy.data(), copy.size()}, callbacks, sleeps, error);
  });
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  MethodArgs<2> args(env, info);
  Connection* connection = IdleSelf(&args);
  const bool waits = args.Flag(0);
  const Claim sleeper = args.Offset(1);
  if (args.Failed()) return nullptr;
  return Transfer(args, connection, sleeper, [=](JsCallbacks* callbacks, bool sleeps, tls::Error* error) {
    return tls::Shutdown(connection, waits, callbacks, sleeps, error);
  });
}

napi_value SendFile(napi_env env, napi_callback_info info) {
  MethodArgs<4> args(env, info);
  Connection* connection = IdleSelf(&args);
  const int file = args.Int(0);
  const int64_t offset = args.Offset(1), count = args.Offset(2);
  const Claim sleeper = args.Offset(3);
  if (args.Failed()) return nullptr;
  return Transfer(args, connection, sleeper, [=](JsCallbacks* callbacks, bool sleeps, tls::Error* error) {
    return tls::SendFile(connection, file, offset, static_cast<size_t>(count), callbacks, sleeps, error);
  });
}

napi_value Pending(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  return Number(env, tls::Pending(connection));
}

napi_value SetContext(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Connection* connection = Self<Connection>(&args);  // also from a callback: that is what it is for
  auto* context = Held<tls::Context>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::SetContext(connection, context);
  return nullptr;
}

napi_value VerifyClientPostHandshake(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  Connection* connection = IdleSelf(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::VerifyClientPostHandshake(connection, &error), error);
}

napi_value UpdateKeys(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Connection* connection = IdleSelf(&args);
  const bool peer_too = args.Flag(0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::UpdateKeys(connection, peer_too, &error), error);
}

napi_value Unread(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  Connection* connection = IdleSelf(&args);
  const Bytes bytes = args.View(0);
  if (args.Failed()) return nullptr;
  tls::Unread(connection, bytes.data, bytes.size);
  return nullptr;
}

// Returns the connection's session; null if it has none.
napi_value GetSession(napi_env env, napi_callback_info info) {
  MethodArgs<0> args(env, info);
  auto* connection = Self<Connection>(&args);
  if (args.Failed()) return nullptr;
  tls::Error error;
  tls::SessionPtr session = tls::GetSession(connection, &error);
  if (session != nullptr) return Wrap(args, std::move(session));
  return error.text.empty() ? Napi::Env(env).Null() : PackError(env, error);
}

napi_value SetSession(napi_env env, napi_callback_info info) {
  MethodArgs<1> args(env, info);
  auto* connection = Self<Connection>(&args);
  auto* session = Held<tls::Session>(&args, 0);
  if (args.Failed()) return nullptr;
  tls::Error error;
  return Result(env, tls::SetSession(connection, session, &error), error);
}

constexpr Binding kRows[] = {
    {"create", Create, true},   {"release", Release},
    {"handshake", Handshake},   {"read", Read},
    {"write", Write},           {"shutdown", Shutdown},
    {"sendFile", SendFile},     {"pending", Pending},
    {"setContext", SetContext}, {"verifyClientPostHandshake", VerifyClientPostHandshake},
    {"updateKeys", UpdateKeys}, {"getSession", GetSession},
    {"setSession", SetSession}, {"unread", Unread},
};

}  // namespace

const BindingList kTlsConnectionBindings = ListOf(kRows);

}  // namespace berkeley::napi
