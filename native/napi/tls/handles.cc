// Makes native.tls, and holds what its bindings share.
#include "handles.h"

namespace berkeley::napi {

namespace {

Napi::Object PackLibrary(Napi::Env env) {
  const tls::Library library = tls::DescribeLibrary();
  const auto object = Napi::Object::New(env);
  object.Set("version", Text(env, library.version));
  object.Set("number", library.number);
  object.Set("compiledNumber", library.compiled_number);
  object.Set("cafileEnv", Text(env, library.cafile_env));
  object.Set("cafile", Text(env, library.cafile));
  object.Set("capathEnv", Text(env, library.capath_env));
  object.Set("capath", Text(env, library.capath));
  object.Set("kernelTls", library.kernel_tls);
  return object;
}

}  // namespace

Napi::Object CreateTls(Napi::Env env, State* state) {
  const auto object = Napi::Object::New(env);
  DefineFunctions(object, kTlsLibraryBindings, state);
  DefineFunctions(object, kTlsCertificateBindings, state);
  DefineHandles<tls::Context>(object, {&kTlsContextBindings}, state);
  DefineHandles<tls::Connection>(object, {&kTlsConnectionBindings, &kTlsConnectionInfoBindings}, state);
  DefineHandles<tls::Session>(object, {&kTlsSessionBindings}, state);
  DefineHandles<tls::MemoryBio>(object, {&kTlsMemoryBindings}, state);
  object.Set("library", PackLibrary(env));
  return object;
}

Napi::Value PackError(Napi::Env env, const tls::Error& error) {
  if (env.IsExceptionPending()) return {};
  const auto object = Napi::Object::New(env);
  object.Set("sslError", error.ssl_error);
  object.Set("errno", error.system_error);
  object.Set("fromQueue", error.from_queue);
  object.Set("reasonCode", error.reason);
  object.Set("library", TextOrNull(env, error.library_name));
  object.Set("reason", TextOrNull(env, error.reason_name));
  object.Set("text", Text(env, error.text));
  object.Set("verifyFailed", error.verify_failed);
  object.Set("verifyCode", error.verify_code);
  object.Set("verifyText", Text(env, error.verify_text));
  return object;
}

Napi::Value TextOrNull(Napi::Env env, const std::string& text) {
  if (text.empty()) return env.Null();
  return Text(env, text);
}

Napi::Value Pack(Napi::Env env, const tls::Bytes& bytes) { return Copy(env, bytes.data(), bytes.size()); }

Napi::Value PackOrNull(Napi::Env env, const tls::Bytes& bytes) { return bytes.empty() ? env.Null() : Pack(env, bytes); }

}  // namespace berkeley::napi
