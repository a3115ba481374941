#include "libuv.h"

#include <napi.h>

namespace berkeley::napi {

uv_loop_t* Libuv(napi_env env) {
  const Napi::Value process = Napi::Env(env).Global().Get("process");
  if (!process.IsObject()) return nullptr;
  const Napi::Value versions = process.As<Napi::Object>().Get("versions");
  if (!versions.IsObject()) return nullptr;
  for (const char* other : {"bun", "deno"}) {
    if (!versions.As<Napi::Object>().Get(other).IsUndefined()) return nullptr;
  }
  uv_loop_t* loop = nullptr;
  return napi_get_uv_event_loop(env, &loop) == napi_ok ? loop : nullptr;
}

}  // namespace berkeley::napi
