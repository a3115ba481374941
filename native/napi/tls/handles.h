// What the TLS bindings share: handles, and how a failure is packed.
//
// A handle is a JavaScript object of lib/ with one of tls.h's objects inside. Any other object is refused, also one
// that another addon has put something into: State::handles knows ours. (Node-API's type tags would tell too, but
// asking for one costs more than all else that a call does here.) The object dies when the handle is released or
// collected as garbage, or when the environment ends.
//
// A call returns a number >= 0, tls::kWantRead, tls::kWantWrite, tls::kRaggedEof, or, if it failed, an object that
// describes why (see TlsError in lib/addon/tls.ts). No exception is built here.
#ifndef BERKELEY_NAPI_TLS_HANDLES_H_
#define BERKELEY_NAPI_TLS_HANDLES_H_

#include <string>
#include <vector>

#include "napi/args.h"
#include "tls/tls.h"

namespace berkeley::napi {

extern const BindingList kTlsLibraryBindings;
extern const BindingList kTlsCertificateBindings;
extern const BindingList kTlsContextBindings;
extern const BindingList kTlsConnectionBindings;
extern const BindingList kTlsConnectionInfoBindings;
extern const BindingList kTlsSessionBindings;
extern const BindingList kTlsMemoryBindings;

// native.tls, with all of the above.
napi_value CreateTls(napi_env env, State* state);

// What State::handles knows each kind of handle by, and how much memory behind it V8 should reckon with: an estimate.
template <typename T>
struct HandleKind;
template <>
struct HandleKind<tls::Context> {
  static constexpr int kKind = 1;
  static constexpr int64_t kMemory = 64 * 1024;
  static constexpr const char* kName = "a TLS context";
};
template <>
struct HandleKind<tls::Connection> {
  static constexpr int kKind = 2;
  static constexpr int64_t kMemory = 32 * 1024;
  static constexpr const char* kName = "a TLS connection";
};
template <>
struct HandleKind<tls::Session> {
  static constexpr int kKind = 3;
  static constexpr int64_t kMemory = 4 * 1024;
  static constexpr const char* kName = "a TLS session";
};
template <>
struct HandleKind<tls::MemoryBio> {
  static constexpr int kKind = 4;
  static constexpr int64_t kMemory = 1024;
  static constexpr const char* kName = "a memory BIO";
};

// Whether V8 should reckon with `change` more bytes.
inline void AdjustMemory(napi_env env, int64_t change) {
  int64_t total = 0;
  napi_adjust_external_memory(env, change, &total);
}

template <typename T>
void Finalize(napi_env env, void* object, void* state) {
  tls::Release()(static_cast<T*>(object));
  AdjustMemory(env, -HandleKind<T>::kMemory);
  Forget(static_cast<State*>(state), object);
}

// Puts `object` into the handle at `index`.
template <typename T>
void Attach(ArgReader* args, size_t index, std::unique_ptr<T, tls::Release> object) {
  const napi_env env = args->env();
  State* state = &args->state();
  if (napi_wrap(env, args->value(index), object.get(), Finalize<T>, state, nullptr) != napi_ok) {
    args->FailType(index, "an object that is no handle yet");
    return;
  }
  state->handles.emplace(object.release(), HandleKind<T>::kKind);
  AdjustMemory(env, HandleKind<T>::kMemory);
}

// What is in the handle at `index`; fails for what is no such handle, or was released.
template <typename T>
T* Handle(ArgReader* args, size_t index) {
  void* object = nullptr;
  if (napi_unwrap(args->env(), args->value(index), &object) == napi_ok) {
    const auto& handles = args->state().handles;
    const auto found = handles.find(object);
    if (found != handles.end() && found->second == HandleKind<T>::kKind) return static_cast<T*>(object);
  }
  args->FailType(index, HandleKind<T>::kName);
  return nullptr;
}

// The error as an object.
napi_value PackError(napi_env env, const tls::Error& error);
// The number, or the error if it is kFailed.
inline napi_value Result(napi_env env, int64_t value, const tls::Error& error) {
  return value == tls::kFailed ? PackError(env, error) : Number(env, value);
}

napi_value Null(napi_env env);
napi_value TextOrNull(napi_env env, const std::string& text);  // empty: null
napi_value Pack(napi_env env, const tls::Bytes& bytes);
napi_value PackOrNull(napi_env env, const tls::Bytes& bytes);  // empty: null
napi_value PackList(napi_env env, const std::vector<tls::Bytes>& list);
napi_value PackTexts(napi_env env, const std::vector<std::string>& list);
napi_value PackRow(napi_env env, std::initializer_list<napi_value> items);
void SetField(napi_env env, napi_value object, const char* name, napi_value value);
inline tls::View ViewOf(const Bytes& bytes) { return {bytes.data, bytes.size}; }

// Asks the function at `index` (null: none) for a password. It returns a Uint8Array; what it throws is thrown by the
// call that asked.
class JsPassword final : public tls::PasswordSource {
 public:
  JsPassword(const ArgReader& args, size_t index) : env_(args.env()), function_(args.value(index)) {}
  int Password(char* buffer, int size) override;

 private:
  napi_env env_;
  napi_value function_;
};

// Calls the methods of a connection's handle: `onServerName` and so on, see lib/ssl/connection.ts.
class JsCallbacks final : public tls::Callbacks {
 public:
  JsCallbacks(const ArgReader& args, size_t index) : env_(args.env()), handle_(args.value(index)) {}
  int ServerName(const char* name) override;
  bool PskClient(const char* hint, size_t most_identity, size_t most_key, std::string* identity,
                 tls::Bytes* key) override;
  bool PskServer(const char* identity, size_t most_key, tls::Bytes* key) override;
  void Message(bool written, int version, int content_type, int message_type, tls::View data) override;
  void KeyLog(const char* line) override;
  void OcspResponse(tls::Bytes* response) override;

 private:
  napi_value Call(const char* method, std::initializer_list<napi_value> arguments);

  napi_env env_;
  napi_value handle_;
};

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_TLS_HANDLES_H_
