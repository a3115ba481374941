// Exports the values of Python's constants, module by module.
#include "env.h"
#include "os_headers.h"
#include "tls/tls.h"

namespace berkeley::napi {

namespace {

struct Constant {
  const char* name;
  double value;  // wide enough for unsigned 32-bit masks
};

#define BERKELEY_CONSTANT(NAME) {#NAME, static_cast<double>(NAME)},

// The lists are made from those in scripts/ by scripts/constants.mjs. Each ends with a row without a name: a system may
// have none of a list's constants, and no array is empty.
constexpr Constant kErrno[] = {
#include "constants/generated/errno.h"
    {},
};
constexpr Constant kSocket[] = {
#include "constants/generated/socket.h"
    {},
};
constexpr Constant kBeyond[] = {
#include "constants/generated/beyond.h"
    {},
};
constexpr Constant kSelect[] = {
#include "constants/generated/select.h"
    {},
};

// The bits of poll, which readiness is told in on every system, whether or not its Python has them.
constexpr Constant kPoll[] = {
    {"POLLIN", POLLIN},
    {"POLLPRI", POLLPRI},
    {"POLLOUT", POLLOUT},
    {"POLLERR", POLLERR},
    {"POLLHUP", POLLHUP},
    {"POLLNVAL", POLLNVAL},
    {"POLLRDNORM", POLLRDNORM},
    {"POLLRDBAND", POLLRDBAND},
    {"POLLWRNORM", POLLWRNORM},
    {"POLLWRBAND", POLLWRBAND},
    {},
};

#undef BERKELEY_CONSTANT

// kCodes are results outside the range of the system's error numbers; kLimits are the limits of one call.
constexpr Constant kCodes[] = {
    {"NOT_READY", os::kNotReady},
    {"IN_PROGRESS", os::kInProgress},
    {"BAD_FD", os::kBadFd},
    {"RESOLVER_BASE", os::kResolverBase},
    {"RESOLVER_SPAN", os::kResolverSpan},
    {"HOST_BASE", os::kHostBase},
    {},
};
constexpr Constant kLimits[] = {
    {"PARTS", os::kMaxParts},
    {"BATCH", os::kMaxBatch},
    {},
};

// Each row is a module's constants. A new module is one line.
struct Module {
  const char* name;
  const Constant* rows;
};
constexpr Module kModules[] = {
    {"errno", kErrno}, {"socket", kSocket}, {"beyond", kBeyond}, {"select", kSelect},
    {"poll", kPoll},   {"codes", kCodes},   {"limits", kLimits},
};

Napi::Object CreateModule(Napi::Env env, const Module& module) {
  const auto object = Napi::Object::New(env);
  for (const Constant* row = module.rows; row->name != nullptr; ++row) object.Set(row->name, row->value);
  return object;
}

// Their values come from OpenSSL's headers, which tls/ alone includes.
Napi::Object CreateSslModule(Napi::Env env) {
  const auto object = Napi::Object::New(env);
  size_t count = 0;
  const tls::Constant* rows = tls::Constants(&count);
  for (size_t i = 0; i < count; ++i) object.Set(rows[i].name, rows[i].value);
  return object;
}

}  // namespace

Napi::Object CreateConstants(Napi::Env env) {
  const auto object = Napi::Object::New(env);
  for (const Module& module : kModules) object.Set(module.name, CreateModule(env, module));
  object.Set("ssl", CreateSslModule(env));
  return object;
}

}  // namespace berkeley::napi
