// The databases of hosts, services and protocols. Their calls return memory of the C library's, which the next call
// overwrites; only FreeBSD has reentrant ones besides. So all of them are made under one lock, and copied before it
// ends.
#include <arpa/inet.h>
#include <netdb.h>

#include <mutex>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

std::mutex mutex;

int HostResult(const struct hostent* found, HostEntry* entry) {
  if (found == nullptr) return kHostBase - (h_errno > 0 ? h_errno : HOST_NOT_FOUND);
  entry->name = found->h_name;
  for (char** alias = found->h_aliases; *alias != nullptr; ++alias) entry->aliases.emplace_back(*alias);
  entry->family = found->h_addrtype;
  for (char** address = found->h_addr_list; *address != nullptr; ++address) {
    entry->addresses.emplace_back(*address, *address + found->h_length);
  }
  return 0;
}

}  // namespace

int GetHostByName(const char* name, HostEntry* entry) {
  const std::lock_guard<std::mutex> lock(mutex);
  return HostResult(gethostbyname(name), entry);
}

int GetHostByAddr(const void* address, size_t length, int family, HostEntry* entry) {
  const std::lock_guard<std::mutex> lock(mutex);
  // FreeBSD and macOS take a void*, older systems a char*, which converts to it.
  return HostResult(gethostbyaddr(static_cast<const char*>(address), static_cast<socklen_t>(length), family), entry);
}

int GetServByName(const char* service, const char* protocol) {
  const std::lock_guard<std::mutex> lock(mutex);
  const struct servent* found = getservbyname(service, protocol);
  return found == nullptr ? -ENOENT : ntohs(static_cast<uint16_t>(found->s_port));
}

int GetServByPort(int port, const char* protocol, std::string* service) {
  const std::lock_guard<std::mutex> lock(mutex);
  const struct servent* found = getservbyport(htons(static_cast<uint16_t>(port)), protocol);
  if (found == nullptr) return -ENOENT;
  *service = found->s_name;
  return 0;
}

int GetProtoByName(const char* name) {
  const std::lock_guard<std::mutex> lock(mutex);
  const struct protoent* found = getprotobyname(name);
  return found == nullptr ? -ENOENT : found->p_proto;
}

}  // namespace berkeley::os
