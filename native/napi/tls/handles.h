// What the TLS bindings share: handles, and how a failure is packed.
//
// A handle is a JavaScript object of one of the classes of native.tls, with one of tls.h's objects inside, which dies
// when the handle is released or collected as garbage, or when the environment ends. V8 lets a method be called on
// objects of its own class only; a handle among the arguments is known by its type tag. (Asking for a tag costs more
// than all else that a short call does.)
//
// A call returns a number >= 0, tls::kWantRead, tls::kWantWrite, tls::kRaggedEof, or, if it failed, an object that
// describes why (see TlsError in lib/addon/tls.ts). No exception is built here.
#ifndef BERKELEY_NAPI_TLS_HANDLES_H_
#define BERKELEY_NAPI_TLS_HANDLES_H_

#include <napi.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "napi/args.h"
#include "napi/pack.h"
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
Napi::Object CreateTls(Napi::Env env, State* state);

// Of each class: its name, its place in State::classes, its type tag, what a wrong argument should have been, and how
// much memory behind one of its objects V8 should reckon with: an estimate.
template <typename T>
struct HandleKind;
template <>
struct HandleKind<tls::Context> {
  static constexpr const char* kClass = "Context";
  static constexpr size_t kIndex = 0;
  static constexpr napi_type_tag kTag = {0x8b1f3c5a97e04d26, 0xa4c07f19d2b8635e};
  static constexpr const char* kName = "a TLS context";
  static constexpr int64_t kMemory = 64 * 1024;
};
template <>
struct HandleKind<tls::Connection> {
  static constexpr const char* kClass = "Connection";
  static constexpr size_t kIndex = 1;
  static constexpr napi_type_tag kTag = {0x8b1f3c5a97e04d27, 0xa4c07f19d2b8635e};
  static constexpr const char* kName = "a TLS connection";
  static constexpr int64_t kMemory = 32 * 1024;
};
template <>
struct HandleKind<tls::Session> {
  static constexpr const char* kClass = "Session";
  static constexpr size_t kIndex = 2;
  static constexpr napi_type_tag kTag = {0x8b1f3c5a97e04d28, 0xa4c07f19d2b8635e};
  static constexpr const char* kName = "a TLS session";
  static constexpr int64_t kMemory = 4 * 1024;
};
template <>
struct HandleKind<tls::MemoryBio> {
  static constexpr const char* kClass = "MemoryBio";
  static constexpr size_t kIndex = 3;
  static constexpr napi_type_tag kTag = {0x8b1f3c5a97e04d29, 0xa4c07f19d2b8635e};
  static constexpr const char* kName = "a memory BIO";
  static constexpr int64_t kMemory = 1024;
};

// A handle that JavaScript's `new` makes is empty; the functions that make a handle fill it.
template <typename T>
class Handle : public Napi::ObjectWrap<Handle<T>> {
 public:
  using Kind = HandleKind<T>;
  using Pointer = std::unique_ptr<T, tls::Release>;

  explicit Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Handle<T>>(info) {
    info.This().As<Napi::Object>().TypeTag(&Kind::kTag);
  }
  ~Handle() { Put(nullptr); }

  T* object() const { return object_.get(); }
  // Releases what was inside.
  void Put(Pointer object) {
    const int64_t change = ((object != nullptr) - (object_ != nullptr)) * Kind::kMemory;
    if (change != 0) Napi::MemoryManagement::AdjustExternalMemory(this->Env(), change);
    object_ = std::move(object);
  }

 private:
  Pointer object_;
};

template <typename T>
void DefineHandles(Napi::Object exports, std::initializer_list<const BindingList*> methods, State* state) {
  std::vector<Napi::ClassPropertyDescriptor<Handle<T>>> properties;
  for (const BindingList* list : methods) {
    for (size_t i = 0; i < list->count; ++i) {
      const Binding& row = list->rows[i];
      const auto attributes = row.is_static ? napi_static : napi_default;
      properties.emplace_back(
          napi_property_descriptor{row.name, nullptr, row.call, nullptr, nullptr, nullptr, attributes, state});
    }
  }
  const Napi::Function type = Handle<T>::DefineClass(exports.Env(), HandleKind<T>::kClass, properties);
  state->classes[HandleKind<T>::kIndex] = Napi::Persistent(type);
  exports.Set(HandleKind<T>::kClass, type);
}

// Returns the handle that a JavaScript object is. Null: from one moment to the next, the environment is being
// terminated.
template <typename T>
Handle<T>* HandleOf(napi_env env, napi_value value) {
  void* handle = nullptr;
  napi_unwrap(env, value, &handle);
  return static_cast<Handle<T>*>(handle);
}

// Makes a handle with `object` inside. The result is empty where the environment is being terminated.
template <typename T>
napi_value Wrap(const ArgReader& args, std::unique_ptr<T, tls::Release> object) {
  const Napi::Object made = args.state().classes[HandleKind<T>::kIndex].New({});
  Handle<T>* handle = made.IsEmpty() ? nullptr : HandleOf<T>(args.env(), made);
  if (handle == nullptr) return nullptr;
  handle->Put(std::move(object));
  return made;
}

// Returns the handle on which a method was called.
template <typename T>
Handle<T>* Receiver(const ArgReader& args) {
  return HandleOf<T>(args.env(), args.receiver());
}

// Returns what is in the handle on which a method was called; fails for a handle that was released or is empty.
template <typename T>
T* Self(ArgReader* args) {
  const Handle<T>* handle = Receiver<T>(*args);
  T* object = handle == nullptr ? nullptr : handle->object();
  if (object == nullptr) args->FailReceiver(HandleKind<T>::kName);
  return object;
}

// Returns what is in the handle at `index`; fails for what is no such handle, and for a handle that was released or is
// empty.
template <typename T>
T* Held(ArgReader* args, size_t index) {
  const Napi::Value value(args->env(), args->value(index));
  const Handle<T>* handle = nullptr;
  if (value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&HandleKind<T>::kTag)) {
    handle = HandleOf<T>(args->env(), value);
  }
  T* object = handle == nullptr ? nullptr : handle->object();
  if (object == nullptr) args->FailType(index, HandleKind<T>::kName);
  return object;
}

// Packs the error as an object. Packs nothing if a callback has thrown during the call, because the call then ends with
// the callback's exception.
Napi::Value PackError(Napi::Env env, const tls::Error& error);
// Packs the number, or the error if the number is kFailed.
inline napi_value Result(napi_env env, int64_t value, const tls::Error& error) {
  return value == tls::kFailed ? PackError(env, error) : Number(env, value);
}

Napi::Value TextOrNull(Napi::Env env, const std::string& text);  // empty: null
Napi::Value Pack(Napi::Env env, const tls::Bytes& bytes);
Napi::Value PackOrNull(Napi::Env env, const tls::Bytes& bytes);  // empty: null
inline tls::View ViewOf(const Bytes& bytes) { return {bytes.data, bytes.size}; }

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_TLS_HANDLES_H_
