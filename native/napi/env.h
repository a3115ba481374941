// What the binary keeps per Node environment (the main thread, each worker), and how a file offers its functions.
#ifndef BERKELEY_NAPI_ENV_H_
#define BERKELEY_NAPI_ENV_H_

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "libuv.h"
#include "os/os.h"

namespace berkeley::napi {

inline constexpr size_t kInfoCount = 8;
inline constexpr size_t kAddressSize = 256;  // twice the largest sockaddr there is
inline constexpr size_t kScratchSize = 64 * 1024;
inline constexpr size_t kEventCount = 1024;

struct Loop;
class Completions;

// The state of one environment. Every binding gets it as its function's data.
// The areas lie in ArrayBuffers that JavaScript sees as native.info, .address and so on, and must not transfer.
struct State {
  State();
  // The environment has ended: what its socket objects still own (a worker was terminated, say) is closed.
  ~State();

  int32_t* info = nullptr;
  uint8_t* address = nullptr;
  uint8_t* scratch = nullptr;
  int32_t* events = nullptr;
  std::vector<Napi::ObjectReference> areas;
  std::array<Napi::FunctionReference, 4> classes;       // of handles: see tls/handles.h
  uv_loop_t* uv = nullptr;                              // see libuv.h
  Loop* loop = nullptr;                                 // once loopStart was called: see loop.cc, which frees it
  std::vector<std::unique_ptr<Completions>> proactors;  // by their numbers: see proactor.cc; null once closed
};

struct Binding {
  const char* name;
  napi_callback call;
  bool is_static = false;  // of a class: its own function, not a method of its objects
};

// The functions that one file offers.
struct BindingList {
  const Binding* rows;
  size_t count;
};
template <size_t kCount>
constexpr BindingList ListOf(const Binding (&rows)[kCount]) {
  return {rows, kCount};
}
void DefineFunctions(Napi::Object object, const BindingList& list, State* state);

extern const BindingList kDescriptorBindings;
extern const BindingList kDataBindings;
extern const BindingList kBatchBindings;
extern const BindingList kWaitingBindings;
extern const BindingList kNameBindings;
extern const BindingList kZerocopyBindings;
extern const BindingList kLoopBindings;
extern const BindingList kProactorBindings;
extern const BindingList kResolveBindings;
extern const BindingList kPlatformBindings;  // of one file per kind of system: what no other one has
extern const BindingList kPollerBindings;    // likewise: pollers as JavaScript's own objects

Napi::Object CreateConstants(Napi::Env env);
Napi::Object CreateLayout(Napi::Env env);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_ENV_H_
