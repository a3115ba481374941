// The calls into JavaScript are of the C Node-API: they leave what was thrown where it is, until the call of ours that
// is under way returns. node-addon-api takes an exception out and throws it again, and looks at its properties in
// between: one whose own code throws then (a Proxy) would be lost.
#include "callbacks.h"

#include <cstring>

#include "napi/pack.h"

namespace berkeley::napi {

int JsPassword::Password(char* buffer, int size) {
  napi_value answer = nullptr;
  Bytes bytes;
  if (napi_call_function(env_, Napi::Env(env_).Undefined(), function_, 0, nullptr, &answer) != napi_ok) return -1;
  if (!GetBytes(env_, answer, &bytes) || bytes.size > static_cast<size_t>(size)) return -1;
  if (bytes.size != 0) memcpy(buffer, bytes.data, bytes.size);
  return static_cast<int>(bytes.size);
}

napi_value JsCallbacks::Call(const char* method, std::initializer_list<napi_value> arguments) {
  napi_value callbacks = nullptr;
  napi_value function = nullptr;
  napi_value answer = nullptr;
  if (napi_get_named_property(env_, handle_, kCallbacks, &callbacks) != napi_ok) return nullptr;
  if (napi_get_named_property(env_, callbacks, method, &function) != napi_ok) return nullptr;
  const napi_status status =
      napi_call_function(env_, callbacks, function, arguments.size(), arguments.begin(), &answer);
  return status == napi_ok ? answer : nullptr;
}

namespace {

Napi::Value CTextOrNull(Napi::Env env, const char* text) {
  if (text == nullptr) return env.Null();
  return Text(env, text);
}

bool TakeBytes(napi_env env, napi_value value, tls::Bytes* out) {
  Bytes bytes;
  if (value == nullptr || !GetBytes(env, value, &bytes)) return false;
  out->assign(bytes.data, bytes.data + bytes.size);
  return true;
}

}  // namespace

// A call may call back many times: values that are made for a callback live no longer than it.

int JsCallbacks::ServerName(const char* name) {
  constexpr int kInternalError = 80;  // RFC 8446 section 6
  const Napi::HandleScope scope(env_);
  const napi_value answer = Call("onServerName", {CTextOrNull(env_, name)});
  int32_t alert = kInternalError;
  if (answer == nullptr || napi_get_value_int32(env_, answer, &alert) != napi_ok) return kInternalError;
  return alert;
}

bool JsCallbacks::PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                            tls::Bytes* key) {
  const Napi::HandleScope scope(env_);
  const napi_value answer =
      Call("onPskClient", {CTextOrNull(env_, hint), Number(env_, static_cast<int64_t>(most_identity)),
                           Number(env_, static_cast<int64_t>(most_key))});
  napi_value name = nullptr;
  napi_value bytes = nullptr;
  tls::Bytes text;
  if (!Napi::Value(env_, answer).IsArray()) return false;  // null: there is no key
  if (napi_get_element(env_, answer, 0, &name) != napi_ok || napi_get_element(env_, answer, 1, &bytes) != napi_ok) {
    return false;
  }
  if (!TakeBytes(env_, name, &text) || !TakeBytes(env_, bytes, key)) return false;
  identity->assign(text.begin(), text.end());
  return true;
}

bool JsCallbacks::PskServer(const char* identity, size_t most_key, tls::Bytes* key) {
  const Napi::HandleScope scope(env_);
  return TakeBytes(
      env_, Call("onPskServer", {CTextOrNull(env_, identity), Number(env_, static_cast<int64_t>(most_key))}), key);
}

void JsCallbacks::Message(bool written, int version, int content_type, int message_type, tls::View data) {
  if (Napi::Env(env_).IsExceptionPending()) return;  // an earlier callback's; a copy could not be made
  const Napi::HandleScope scope(env_);
  Call("onMessage", {Boolean(env_, written), Number(env_, version), Number(env_, content_type),
                     Number(env_, message_type), Copy(env_, data.data, data.size)});
}

void JsCallbacks::KeyLog(const char* line) {
  const Napi::HandleScope scope(env_);
  Call("onKeyLog", {Text(env_, line)});
}

void JsCallbacks::OcspResponse(tls::Bytes* response) {
  const Napi::HandleScope scope(env_);
  TakeBytes(env_, Call("onOcspResponse", {}), response);
}

}  // namespace berkeley::napi
