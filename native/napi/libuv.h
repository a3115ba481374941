// libuv's functions that the addon calls. Node.js exports them; Bun has some, which end the process, and Deno none:
// therefore they are weak, so that the addon loads there, and Libuv() says whether they may be called.
#ifndef BERKELEY_NAPI_LIBUV_H_
#define BERKELEY_NAPI_LIBUV_H_

#include <node_api.h>
#include <uv.h>

#ifndef _WIN32
extern "C" {
#define BERKELEY_WEAK(name) extern __attribute__((weak)) decltype(name) name;
BERKELEY_WEAK(uv_async_init)
BERKELEY_WEAK(uv_async_send)
BERKELEY_WEAK(uv_close)
BERKELEY_WEAK(uv_is_active)
BERKELEY_WEAK(uv_poll_init)
BERKELEY_WEAK(uv_poll_start)
BERKELEY_WEAK(uv_ref)
BERKELEY_WEAK(uv_unref)
BERKELEY_WEAK(uv_walk)
#undef BERKELEY_WEAK
}
#endif

namespace berkeley::napi {

// The environment's loop; nullptr where the program that runs is not Node.js, and no function of libuv's may be called.
uv_loop_t* Libuv(napi_env env);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_LIBUV_H_
