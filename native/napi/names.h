// Packs what the resolver found, for the calls that wait for it and for those that promise it.
#ifndef BERKELEY_NAPI_NAMES_H_
#define BERKELEY_NAPI_NAMES_H_

#include <napi.h>

#include <string>
#include <vector>

#include "os/os.h"

namespace berkeley::napi {

// `[family, type, protocol, canonicalName, sockaddr]` each.
Napi::Value PackAddressInfos(Napi::Env env, const std::vector<os::AddressInfo>& found);
// `[host, service]`.
Napi::Value PackNames(Napi::Env env, const std::string& host, const std::string& service);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_NAMES_H_
