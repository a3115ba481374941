// What the resolver found, packed for JavaScript: for the calls that wait for it and for those that promise it.
#ifndef BERKELEY_NAPI_NAMES_H_
#define BERKELEY_NAPI_NAMES_H_

#include <node_api.h>

#include <string>
#include <vector>

#include "os/os.h"

namespace berkeley::napi {

// `[family, type, protocol, canonicalName, sockaddr]` each.
napi_value PackAddressInfos(napi_env env, const std::vector<os::AddressInfo>& found);
// `[host, service]`.
napi_value PackNames(napi_env env, const std::string& host, const std::string& service);

}  // namespace berkeley::napi

#endif  // BERKELEY_NAPI_NAMES_H_
