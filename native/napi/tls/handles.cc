// native.tls, and what its bindings share.
#include "handles.h"

#include <algorithm>
#include <cstring>

namespace berkeley::napi {

namespace {

const BindingList* const kSubjects[] = {
    &kTlsLibraryBindings,        &kTlsCertificateBindings, &kTlsContextBindings, &kTlsConnectionBindings,
    &kTlsConnectionInfoBindings, &kTlsSessionBindings,     &kTlsMemoryBindings,
};

napi_value PackLibrary(napi_env env) {
  const tls::Library library = tls::DescribeLibrary();
  napi_value object = nullptr;
  napi_create_object(env, &object);
  SetField(env, object, "version", Text(env, library.version));
  SetField(env, object, "number", Number(env, library.number));
  SetField(env, object, "compiledNumber", Number(env, library.compiled_number));
  SetField(env, object, "cafileEnv", Text(env, library.cafile_env));
  SetField(env, object, "cafile", Text(env, library.cafile));
  SetField(env, object, "capathEnv", Text(env, library.capath_env));
  SetField(env, object, "capath", Text(env, library.capath));
  SetField(env, object, "kernelTls", Boolean(env, library.kernel_tls));
  return object;
}

}  // namespace

napi_value CreateTls(napi_env env, State* state) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  for (const BindingList* subject : kSubjects) {
    for (size_t i = 0; i < subject->count; ++i) {
      const Binding& row = subject->rows[i];
      napi_value function = nullptr;
      if (napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.call, state, &function) != napi_ok) return nullptr;
      SetField(env, object, row.name, function);
    }
  }
  SetField(env, object, "library", PackLibrary(env));
  return object;
}

napi_value PackError(napi_env env, const tls::Error& error) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  SetField(env, object, "sslError", Number(env, error.ssl_error));
  SetField(env, object, "errno", Number(env, error.system_error));
  SetField(env, object, "fromQueue", Boolean(env, error.from_queue));
  SetField(env, object, "reasonCode", Number(env, error.reason));
  SetField(env, object, "library", TextOrNull(env, error.library_name));
  SetField(env, object, "reason", TextOrNull(env, error.reason_name));
  SetField(env, object, "text", Text(env, error.text));
  SetField(env, object, "verifyFailed", Boolean(env, error.verify_failed));
  SetField(env, object, "verifyCode", Number(env, error.verify_code));
  SetField(env, object, "verifyText", Text(env, error.verify_text));
  return object;
}

napi_value Null(napi_env env) {
  napi_value result = nullptr;
  napi_get_null(env, &result);
  return result;
}

napi_value TextOrNull(napi_env env, const std::string& text) { return text.empty() ? Null(env) : Text(env, text); }

napi_value Pack(napi_env env, const tls::Bytes& bytes) { return Copy(env, bytes.data(), bytes.size()); }

napi_value PackOrNull(napi_env env, const tls::Bytes& bytes) { return bytes.empty() ? Null(env) : Pack(env, bytes); }

napi_value PackList(napi_env env, const std::vector<tls::Bytes>& list) {
  napi_value array = Array(env, list.size());
  for (size_t i = 0; i < list.size(); ++i) SetItem(env, array, i, Pack(env, list[i]));
  return array;
}

napi_value PackTexts(napi_env env, const std::vector<std::string>& list) {
  napi_value array = Array(env, list.size());
  for (size_t i = 0; i < list.size(); ++i) SetItem(env, array, i, Text(env, list[i]));
  return array;
}

napi_value PackRow(napi_env env, std::initializer_list<napi_value> items) {
  napi_value array = Array(env, items.size());
  size_t i = 0;
  for (const napi_value item : items) SetItem(env, array, i++, item);
  return array;
}

void SetField(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

int JsPassword::Password(char* buffer, int size) {
  napi_value receiver = nullptr;
  napi_get_undefined(env_, &receiver);
  napi_value answer = nullptr;
  Bytes bytes;
  if (napi_call_function(env_, receiver, function_, 0, nullptr, &answer) != napi_ok) return -1;
  if (!GetBytes(env_, answer, &bytes) || bytes.size > static_cast<size_t>(size)) return -1;
  if (bytes.size != 0) memcpy(buffer, bytes.data, bytes.size);
  return static_cast<int>(bytes.size);
}

napi_value JsCallbacks::Call(const char* method, std::initializer_list<napi_value> arguments) {
  napi_value function = nullptr;
  napi_value answer = nullptr;
  if (napi_get_named_property(env_, handle_, method, &function) != napi_ok) return nullptr;
  if (napi_call_function(env_, handle_, function, arguments.size(), arguments.begin(), &answer) != napi_ok)
    return nullptr;
  return answer;
}

namespace {

// Values made during a callback live no longer than it: a call may make many.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { napi_open_handle_scope(env, &scope_); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

napi_value CTextOrNull(napi_env env, const char* text) { return text == nullptr ? Null(env) : Text(env, text); }

bool TakeBytes(napi_env env, napi_value value, tls::Bytes* out) {
  Bytes bytes;
  if (value == nullptr || !GetBytes(env, value, &bytes)) return false;
  out->assign(bytes.data, bytes.data + bytes.size);
  return true;
}

}  // namespace

int JsCallbacks::ServerName(const char* name) {
  constexpr int kInternalError = 80;  // RFC 8446 section 6
  const HandleScope scope(env_);
  const napi_value answer = Call("onServerName", {CTextOrNull(env_, name)});
  int32_t alert = kInternalError;
  if (answer == nullptr || napi_get_value_int32(env_, answer, &alert) != napi_ok) return kInternalError;
  return alert;
}

bool JsCallbacks::PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                            tls::Bytes* key) {
  const HandleScope scope(env_);
  const napi_value answer =
      Call("onPskClient", {CTextOrNull(env_, hint), Number(env_, static_cast<int64_t>(most_identity)),
                           Number(env_, static_cast<int64_t>(most_key))});
  napi_value name = nullptr;
  napi_value bytes = nullptr;
  tls::Bytes text;
  bool pair = false;
  if (answer == nullptr || napi_is_array(env_, answer, &pair) != napi_ok || !pair)
    return false;  // null: there is no key
  if (napi_get_element(env_, answer, 0, &name) != napi_ok || napi_get_element(env_, answer, 1, &bytes) != napi_ok) {
    return false;
  }
  if (!TakeBytes(env_, name, &text) || !TakeBytes(env_, bytes, key)) return false;
  identity->assign(text.begin(), text.end());
  return true;
}

bool JsCallbacks::PskServer(const char* identity, size_t most_key, tls::Bytes* key) {
  const HandleScope scope(env_);
  return TakeBytes(
      env_, Call("onPskServer", {CTextOrNull(env_, identity), Number(env_, static_cast<int64_t>(most_key))}), key);
}

void JsCallbacks::Message(bool written, int version, int content_type, int message_type, tls::View data) {
  const HandleScope scope(env_);
  Call("onMessage", {Boolean(env_, written), Number(env_, version), Number(env_, content_type),
                     Number(env_, message_type), Copy(env_, data.data, data.size)});
}

void JsCallbacks::KeyLog(const char* line) {
  const HandleScope scope(env_);
  Call("onKeyLog", {Text(env_, line)});
}

void JsCallbacks::OcspResponse(tls::Bytes* response) {
  const HandleScope scope(env_);
  TakeBytes(env_, Call("onOcspResponse", {}), response);
}

}  // namespace berkeley::napi
