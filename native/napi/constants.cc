// The values of Python's names, per module.
#include "args.h"
#include "os_headers.h"
#include "tls/tls.h"

namespace berkeley::napi {

namespace {

struct Constant {
  const char* name;
  double value;  // wide enough for unsigned 32-bit masks
};

#define BERKELEY_CONSTANT(NAME) {#NAME, static_cast<double>(NAME)},

constexpr Constant kErrno[] = {
#include "constants/errno.h"
};
constexpr Constant kSocket[] = {
#include "constants/socket.h"
};
constexpr Constant kBeyond[] = {
#include "constants/beyond.h"
};
constexpr Constant kSelect[] = {
#include "constants/select.h"
};

#undef BERKELEY_CONSTANT

// A module's constants. A new module is one line.
struct Module {
  const char* name;
  const Constant* rows;
  size_t count;
};
template <size_t kCount>
constexpr Module ModuleOf(const char* name, const Constant (&rows)[kCount]) {
  return {name, rows, kCount};
}
// Results that are no error of the system, and the limits of one call.
constexpr Constant kCodes[] = {
    {"NOT_READY", os::kNotReady},
    {"RESOLVER_BASE", os::kResolverBase},
    {"RESOLVER_SPAN", os::kResolverSpan},
    {"HOST_BASE", os::kHostBase},
};
constexpr Constant kLimits[] = {
    {"PARTS", os::kMaxParts},
    {"BATCH", os::kMaxBatch},
};
constexpr Module kModules[] = {
    ModuleOf("errno", kErrno),
    ModuleOf("socket", kSocket),
    ModuleOf("beyond", kBeyond),
    ModuleOf("select", kSelect),
};

napi_value CreateModule(napi_env env, const Module& module) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  for (size_t i = 0; i < module.count; ++i) {
    napi_value value = nullptr;
    napi_create_double(env, module.rows[i].value, &value);
    napi_set_named_property(env, object, module.rows[i].name, value);
  }
  return object;
}

// Their values come from OpenSSL's headers, which tls/ alone includes.
napi_value CreateSslModule(napi_env env) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  size_t count = 0;
  const tls::Constant* rows = tls::Constants(&count);
  for (size_t i = 0; i < count; ++i) {
    napi_set_named_property(env, object, rows[i].name, Number(env, rows[i].value));
  }
  return object;
}

}  // namespace

napi_value CreateConstants(napi_env env) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  for (const Module& module : kModules) {
    napi_set_named_property(env, object, module.name, CreateModule(env, module));
  }
  napi_set_named_property(env, object, "ssl", CreateSslModule(env));
  napi_set_named_property(env, object, "codes", CreateModule(env, ModuleOf("codes", kCodes)));
  napi_set_named_property(env, object, "limits", CreateModule(env, ModuleOf("limits", kLimits)));
  return object;
}

}  // namespace berkeley::napi
