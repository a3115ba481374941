// What the binary keeps per Node environment (the main thread, each worker), and how a file offers its functions.
#ifndef BERKELEY_NAPI_ENV_H_
#define BERKELEY_NAPI_ENV_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "os/os.h"

namespace berkeley::napi {

inline constexpr size_t kInfoCount = 8;
inline constexpr size_t kAddressSize = 256;  // twice the largest sockaddr there is
inline constexpr size_t kScratchSize = 64 * 1024;
inline constexpr size_t kEventCount = 1024;

struct Loop;

// One environment's state. Every binding gets it as its function's data; it dies after the last of them, and after the
// last handle, for nobody promises in which order an environment that ends lets go of those.
// The areas lie in ArrayBuffers that JavaScript sees as native.info, .address and so on, and must not transfer.
struct State {
  int32_t* info = nullptr;
  uint8_t* address = nullptr;
  uint8_t* scratch = nullptr;
  int32_t* events = nullptr;
  napi_ref areas[4] = {};
  Loop* loop = nullptr;                          // once loopStart was called: see loop.cc, which frees it
  std::unordered_map<const void*, int> handles;  // what is in each handle that lives, with its kind: see tls.h
  bool ended = false;
};
// What was in a handle is gone.
void Forget(State* state, const void* object);

struct Binding {
  const char* name;
  napi_callback call;
};

// One file's functions.
struct BindingList {
  const Binding* rows;
  size_t count;
};
template <size_t kCount>
constexpr BindingList ListOf(const Binding (&rows)[kCount]) {
  return {rows, kCount};
}

extern const BindingList kDescriptorBindings;
extern const BindingList kDataBindings;
extern const BindingList kBatchBindings;
extern const BindingList kWaitingBindings;
extern const BindingList kNameBindings;
extern const BindingList kZerocopyBindings;
extern const BindingList kLoopBindings;
extern const BindingList kResolveBindings;

napi_value CreateConstants(napi_env env);
napi_value CreateLayout(napi_env env);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_ENV_H_
