// The module's entry: one State per environment, and the object that lib/addon/calls.ts describes.
#include "env.h"

#include "os/os.h"
#include "owners.h"
#include "proactor.h"
#include "tls/handles.h"

namespace berkeley::napi {

namespace {

// Every subject's functions. A new subject is one line here.
const BindingList* const kSubjects[] = {
    &kDescriptorBindings, &kDataBindings,     &kBatchBindings,    &kWaitingBindings,
    &kNameBindings,       &kZerocopyBindings, &kLoopBindings,     &kResolveBindings,
    &kPlatformBindings,   &kPollerBindings,   &kProactorBindings,
};

// Makes a typed array over memory that the environment keeps. Returns the memory; nullptr where there is none, because
// the environment is being terminated.
template <typename Item>
Item* DefineArea(Napi::Object exports, const char* name, size_t length, State* state) {
  auto view = Napi::TypedArrayOf<Item>::New(exports.Env(), length);
  if (view.IsEmpty()) return nullptr;
  exports.Set(name, view);
  state->areas.push_back(Napi::Persistent<Napi::Object>(view.ArrayBuffer()));
  return view.Data();
}

Napi::Object Define(Napi::Env env, Napi::Object exports) {
  auto* state = new State();
  env.SetInstanceData(state);
  state->uv = Libuv(env);
  state->info = DefineArea<int32_t>(exports, "info", kInfoCount, state);
  state->address = DefineArea<uint8_t>(exports, "address", kAddressSize, state);
  state->scratch = DefineArea<uint8_t>(exports, "scratch", kScratchSize, state);
  state->events = DefineArea<int32_t>(exports, "events", 2 * kEventCount, state);
  for (const BindingList* subject : kSubjects) DefineFunctions(exports, *subject, state);
  exports.Set("constants", CreateConstants(env));
  exports.Set("layout", CreateLayout(env));
  exports.Set("tls", CreateTls(env, state));
  return exports;
}

}  // namespace

State::State() = default;

State::~State() {
  proactors.clear();  // which use descriptors: what is closed while it is used stays open
  EndOwned(this);
}

void DefineFunctions(Napi::Object object, const BindingList& list, State* state) {
  const Napi::Env env = object.Env();
  for (size_t i = 0; i < list.count; ++i) {
    const Binding& row = list.rows[i];
    napi_value function = nullptr;
    if (napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.call, state, &function) != napi_ok) return;
    object.Set(row.name, function);
  }
}

}  // namespace berkeley::napi

using berkeley::napi::Define;
NODE_API_MODULE(berkeley, Define)
