// A small addon with four defects, for scripts/sanitizers.mjs to prove that the sanitizers see such things in an addon
// that Node loads, and that no suppression hides them.
#include <node_api.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <thread>

namespace {

void* volatile sink;
volatile int big = INT_MAX;
volatile size_t size = 16;

napi_value Leak(napi_env, napi_callback_info) {
  sink = std::malloc(1234);
  sink = nullptr;
  return nullptr;
}

napi_value Overflow(napi_env, napi_callback_info) {
  // The compiler must not know the size: else UBSan's check of it stops the program before ASan's.
  auto* bytes = static_cast<volatile char*>(std::malloc(size));
  bytes[size] = 1;
  std::free(const_cast<char*>(bytes));
  return nullptr;
}

napi_value Undefined(napi_env, napi_callback_info) {
  big = big + 1;
  return nullptr;
}

int shared = 0;

napi_value Race(napi_env, napi_callback_info) {
  std::thread other([] { ++shared; });
  ++shared;
  other.join();
  return nullptr;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  Export(env, exports, "leak", Leak);
  Export(env, exports, "overflow", Overflow);
  Export(env, exports, "undefined", Undefined);
  Export(env, exports, "race", Race);
  return exports;
}
