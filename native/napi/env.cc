// The module's entry: one State per environment, and the object that lib/addon/calls.ts describes.
#include "env.h"

#include "args.h"
#include "os/os.h"
#include "owners.h"
#include "tls/handles.h"

namespace berkeley::napi {

namespace {

// Every subject's functions. A new subject is one line here.
const BindingList* const kSubjects[] = {
    &kDescriptorBindings, &kDataBindings,     &kBatchBindings, &kWaitingBindings,
    &kNameBindings,       &kZerocopyBindings, &kLoopBindings,  &kResolveBindings,
};

// The environment has ended. What its socket objects still own (a worker was terminated, say) is closed here.
void EndState(napi_env env, void* data, void*) {
  auto* state = static_cast<State*>(data);
  for (const napi_ref area : state->areas) {
    if (area != nullptr) napi_delete_reference(env, area);
  }
  EndOwned(state);
  state->ended = true;
  if (state->handles.empty()) delete state;
}

// A typed array over `size` bytes that the environment keeps. Returns its memory, nullptr if there is none.
void* DefineArea(napi_env env, napi_value exports, const char* name, napi_typedarray_type type, size_t size,
                 size_t length, napi_ref* reference) {
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value view = nullptr;
  if (napi_create_arraybuffer(env, size, &memory, &buffer) != napi_ok) return nullptr;
  if (napi_create_reference(env, buffer, 1, reference) != napi_ok) return nullptr;
  if (napi_create_typedarray(env, type, length, buffer, 0, &view) != napi_ok) return nullptr;
  if (napi_set_named_property(env, exports, name, view) != napi_ok) return nullptr;
  return memory;
}

bool DefineAreas(napi_env env, napi_value exports, State* state) {
  state->info = static_cast<int32_t*>(
      DefineArea(env, exports, "info", napi_int32_array, kInfoCount * sizeof(int32_t), kInfoCount, &state->areas[0]));
  state->address = static_cast<uint8_t*>(
      DefineArea(env, exports, "address", napi_uint8_array, kAddressSize, kAddressSize, &state->areas[1]));
  state->scratch = static_cast<uint8_t*>(
      DefineArea(env, exports, "scratch", napi_uint8_array, kScratchSize, kScratchSize, &state->areas[2]));
  state->events = static_cast<int32_t*>(DefineArea(
      env, exports, "events", napi_int32_array, 2 * kEventCount * sizeof(int32_t), 2 * kEventCount, &state->areas[3]));
  return state->info != nullptr && state->address != nullptr && state->scratch != nullptr && state->events != nullptr;
}

bool DefineFunctions(napi_env env, napi_value exports, State* state) {
  for (const BindingList* subject : kSubjects) {
    for (size_t i = 0; i < subject->count; ++i) {
      const Binding& row = subject->rows[i];
      napi_value function = nullptr;
      if (napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.call, state, &function) != napi_ok) return false;
      if (napi_set_named_property(env, exports, row.name, function) != napi_ok) return false;
    }
  }
  return true;
}

bool Define(napi_env env, napi_value exports) {
  auto* state = new State();
  if (napi_set_instance_data(env, state, EndState, nullptr) != napi_ok) {
    delete state;
    return false;
  }
  return DefineAreas(env, exports, state) && DefineFunctions(env, exports, state) &&
         napi_set_named_property(env, exports, "constants", CreateConstants(env)) == napi_ok &&
         napi_set_named_property(env, exports, "layout", CreateLayout(env)) == napi_ok &&
         napi_set_named_property(env, exports, "tls", CreateTls(env, state)) == napi_ok;
}

}  // namespace

void Forget(State* state, const void* object) {
  state->handles.erase(object);
  if (state->ended && state->handles.empty()) delete state;
}

}  // namespace berkeley::napi

NAPI_MODULE_INIT() {
  if (berkeley::napi::Define(env, exports)) return exports;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "berkeley: the binary could not be set up");
  return nullptr;
}
