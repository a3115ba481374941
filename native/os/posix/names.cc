// Names, addresses and texts: the calls that POSIX systems share, and that are reentrant on all of them.
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "posix.h"

namespace berkeley::os {

namespace {

struct FreeAddrInfo {
  void operator()(struct addrinfo* list) const { freeaddrinfo(list); }
};
using AddrInfoList = std::unique_ptr<struct addrinfo, FreeAddrInfo>;

struct FreeInterfaces {
  void operator()(struct if_nameindex* list) const { if_freenameindex(list); }
};
using InterfaceList = std::unique_ptr<struct if_nameindex, FreeInterfaces>;

// Returns a resolver's code as os.h has it. EAI_SYSTEM becomes errno, which has the reason.
int ResolverResult(int eai) {
  if (eai == 0) return 0;
  return eai == EAI_SYSTEM && errno != 0 ? -errno : kResolverBase + eai;
}

AddressInfo ToAddressInfo(const struct addrinfo& info) {
  AddressInfo result = {info.ai_family, info.ai_socktype, info.ai_protocol, {}, {}};
  if (info.ai_canonname != nullptr) result.canonical_name = info.ai_canonname;
  const auto* bytes = reinterpret_cast<const uint8_t*>(info.ai_addr);
  result.address.assign(bytes, bytes + info.ai_addrlen);
  return result;
}

// strerror_r is either POSIX's (an int, the text in `buffer`) or GNU's (the text, perhaps elsewhere).
[[maybe_unused]] const char* ErrorBuffer(int, const char* buffer) { return buffer; }
[[maybe_unused]] const char* ErrorBuffer(const char* text, const char*) { return text; }

}  // namespace

int GetAddrInfo(const char* host, const char* service, int family, int type, int protocol, int flags,
                std::vector<AddressInfo>* found) {
  struct addrinfo hints = {};
  hints.ai_flags = flags;
  hints.ai_family = family;
  hints.ai_socktype = type;
  hints.ai_protocol = protocol;
  struct addrinfo* first = nullptr;
  errno = 0;
  const int result = ResolverResult(getaddrinfo(host, service, &hints, &first));
  if (result != 0) return result;
  const AddrInfoList list(first);
  for (const struct addrinfo* info = first; info != nullptr; info = info->ai_next) {
    found->push_back(ToAddressInfo(*info));
  }
  return 0;
}

int GetNameInfo(const void* address, uint32_t length, int flags, std::string* host, std::string* service) {
  char host_text[NI_MAXHOST], service_text[NI_MAXSERV];
  errno = 0;
  const int result = ResolverResult(getnameinfo(static_cast<const struct sockaddr*>(address), length, host_text,
                                                sizeof(host_text), service_text, sizeof(service_text), flags));
  if (result != 0) return result;
  *host = host_text;
  *service = service_text;
  return 0;
}

int GetHostName(std::string* name) {
  char text[1025] = {};  // one more than is passed, so that a cut name still ends
  const int result = Checked(gethostname(text, sizeof(text) - 1));
  if (result == 0) *name = text;
  return result;
}

int SetHostName(const char* name, size_t length) { return Checked(sethostname(name, length)); }

int InterfaceNames(std::vector<Interface>* found) {
  const InterfaceList list(if_nameindex());
  if (!list) return -errno;
  for (const struct if_nameindex* entry = list.get(); entry->if_index != 0; ++entry) {
    found->push_back({entry->if_index, entry->if_name});
  }
  return 0;
}

int InterfaceIndex(const char* name) {
  errno = 0;
  const unsigned index = if_nametoindex(name);
  if (index != 0) return static_cast<int>(index);
  return errno == 0 ? -ENODEV : -errno;
}

int InterfaceName(uint32_t index, std::string* name) {
  char text[IF_NAMESIZE] = {};
  errno = 0;
  if (if_indextoname(index, text) == nullptr) return errno == 0 ? -ENXIO : -errno;
  *name = text;
  return 0;
}

int InetPton(int family, const char* text, uint8_t out[16]) {
  const int result = inet_pton(family, text, out);
  if (result < 0) return -errno;
  if (result == 0) return -EINVAL;
  return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

int InetNtop(int family, const uint8_t* bytes, std::string* text) {
  char buffer[INET6_ADDRSTRLEN];
  if (inet_ntop(family, bytes, buffer, sizeof(buffer)) == nullptr) return -errno;
  *text = buffer;
  return 0;
}

int InetAton(const char* text, uint8_t out[4]) {
  struct in_addr address;
  if (inet_aton(text, &address) == 0) return -EINVAL;
  memcpy(out, &address, sizeof(address));
  return sizeof(address);
}

std::string ErrorText(int error) {
  char buffer[256] = {};
  return ErrorBuffer(strerror_r(error, buffer, sizeof(buffer)), buffer);
}

std::string ResolverText(int eai) { return gai_strerror(eai); }

std::string HostText(int host_error) { return hstrerror(host_error); }

}  // namespace berkeley::os
