// The bindings for names and addresses. A host's or an interface's name is passed as bytes.
#include <algorithm>
#include <array>
#include <vector>

#include "args.h"
#include "names.h"
#include "os/os.h"
#include "pack.h"

namespace berkeley::napi {

namespace {

// Packs `text`, or the code if the call has failed.
napi_value TextOrCode(napi_env env, int code, const std::string& text) {
  return code < 0 ? Number(env, code) : Text(env, text);
}

Napi::Value PackBytes(Napi::Env env, const std::vector<uint8_t>& bytes) {
  return Copy(env, bytes.data(), bytes.size());
}

Napi::Value PackAddressInfo(Napi::Env env, const os::AddressInfo& info) {
  return PackRow(env, {Number(env, info.family), Number(env, info.type), Number(env, info.protocol),
                       Text(env, info.canonical_name), PackBytes(env, info.address)});
}

napi_value GetAddrInfo(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  const auto host = args.ByteTextOrNull(0), service = args.ByteTextOrNull(1);
  const int family = args.Int(2), type = args.Int(3), protocol = args.Int(4), flags = args.Int(5);
  if (args.Failed()) return nullptr;
  std::vector<os::AddressInfo> found;
  const int result = os::GetAddrInfo(OrNull(host), OrNull(service), family, type, protocol, flags, &found);
  if (result < 0) return Number(env, result);
  return PackAddressInfos(env, found);
}

napi_value GetNameInfo(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const Bytes address = args.Head(0, 1);
  const int flags = args.Int(2);
  if (args.Failed()) return nullptr;
  std::string host, service;
  const int result = os::GetNameInfo(address.data, static_cast<uint32_t>(address.size), flags, &host, &service);
  if (result < 0) return Number(env, result);
  return PackNames(env, host, service);
}

napi_value PackHost(napi_env env, int code, const os::HostEntry& host) {
  if (code < 0) return Number(env, code);
  return PackRow(env, {Text(env, host.name), PackAll(env, host.aliases, Text), Number(env, host.family),
                       PackAll(env, host.addresses, PackBytes)});
}

napi_value GetHostByName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string name = args.ByteText(0);
  if (args.Failed()) return nullptr;
  os::HostEntry host;
  const int result = os::GetHostByName(name.c_str(), &host);
  return PackHost(env, result, host);
}

napi_value GetHostByAddr(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const Bytes address = args.View(0);
  const int family = args.Int(1);
  if (args.Failed()) return nullptr;
  os::HostEntry host;
  const int result = os::GetHostByAddr(address.data, address.size, family, &host);
  return PackHost(env, result, host);
}

napi_value GetHostName(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  std::string name;
  const int result = os::GetHostName(&name);
  return TextOrCode(env, result, name);
}

napi_value SetHostName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const Bytes name = args.View(0);
  if (args.Failed()) return nullptr;
  return Number(env, os::SetHostName(reinterpret_cast<const char*>(name.data), name.size));
}

napi_value GetServByName(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const std::string service = args.StringText(0);
  const auto protocol = args.StringTextOrNull(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::GetServByName(service.c_str(), OrNull(protocol)));
}

napi_value GetServByPort(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int port = static_cast<int>(args.Count(0, UINT16_MAX));
  const auto protocol = args.StringTextOrNull(1);
  if (args.Failed()) return nullptr;
  std::string service;
  const int result = os::GetServByPort(port, OrNull(protocol), &service);
  return TextOrCode(env, result, service);
}

napi_value GetProtoByName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string name = args.StringText(0);
  if (args.Failed()) return nullptr;
  return Number(env, os::GetProtoByName(name.c_str()));
}

Napi::Value PackInterface(Napi::Env env, const os::Interface& interface) {
  return PackRow(env, {Number(env, interface.index), Text(env, interface.name)});
}

napi_value IfNames(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  if (args.Failed()) return nullptr;
  std::vector<os::Interface> found;
  const int result = os::InterfaceNames(&found);
  if (result < 0) return Number(env, result);
  return PackAll(env, found, PackInterface);
}

napi_value IfIndex(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string name = args.ByteText(0);
  if (args.Failed()) return nullptr;
  return Number(env, os::InterfaceIndex(name.c_str()));
}

napi_value IfName(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const auto index = static_cast<uint32_t>(args.Count(0, UINT32_MAX));
  if (args.Failed()) return nullptr;
  std::string name;
  const int result = os::InterfaceName(index, &name);
  return TextOrCode(env, result, name);
}

napi_value InetPton(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int family = args.Int(0);
  const std::string text = args.StringText(1);
  if (args.Failed()) return nullptr;
  return Number(env, os::InetPton(family, text.c_str(), args.state().address));
}

napi_value InetNtop(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int family = args.Int(0);
  const Bytes bytes = args.View(1);
  if (args.Failed()) return nullptr;
  std::array<uint8_t, 16> address = {};  // room for either family, whatever came
  std::copy_n(bytes.data, std::min(bytes.size, address.size()), address.begin());
  std::string text;
  const int result = os::InetNtop(family, address.data(), &text);
  return TextOrCode(env, result, text);
}

napi_value InetAton(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const std::string text = args.StringText(0);
  if (args.Failed()) return nullptr;
  return Number(env, os::InetAton(text.c_str(), args.state().address));
}

// Binds the calls that return the text of a code, of which there are three kinds.
template <std::string (*kCall)(int)>
napi_value TextOf(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int code = args.Int(0);
  if (args.Failed()) return nullptr;
  return Text(env, kCall(code));
}

constexpr Binding kRows[] = {
    {"getaddrinfo", GetAddrInfo},
    {"getnameinfo", GetNameInfo},
    {"gethostbyname", GetHostByName},
    {"gethostbyaddr", GetHostByAddr},
    {"gethostname", GetHostName},
    {"sethostname", SetHostName},
    {"getservbyname", GetServByName},
    {"getservbyport", GetServByPort},
    {"getprotobyname", GetProtoByName},
    {"ifNames", IfNames},
    {"ifIndex", IfIndex},
    {"ifName", IfName},
    {"inetPton", InetPton},
    {"inetNtop", InetNtop},
    {"inetAton", InetAton},
    {"strerror", TextOf<os::ErrorText>},
    {"gaiStrerror", TextOf<os::ResolverText>},
    {"hstrerror", TextOf<os::HostText>},
};

}  // namespace

Napi::Value PackAddressInfos(Napi::Env env, const std::vector<os::AddressInfo>& found) {
  return PackAll(env, found, PackAddressInfo);
}

Napi::Value PackNames(Napi::Env env, const std::string& host, const std::string& service) {
  return PackRow(env, {Text(env, host), Text(env, service)});
}

const BindingList kNameBindings = ListOf(kRows);

}  // namespace berkeley::napi
