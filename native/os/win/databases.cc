// The databases of hosts, services and protocols. Winsock keeps an answer for each thread, so that none is overwritten.
#include "win.h"

namespace berkeley::os {

namespace {

int FindHost(const struct hostent* host, HostEntry* entry) {
  if (host == nullptr) return kHostBase - WSAGetLastError();
  entry->name = host->h_name == nullptr ? "" : host->h_name;
  for (char** alias = host->h_aliases; alias != nullptr && *alias != nullptr; ++alias)
    entry->aliases.emplace_back(*alias);
  entry->family = host->h_addrtype;
  for (char** address = host->h_addr_list; *address != nullptr; ++address) {
    entry->addresses.emplace_back(*address, *address + host->h_length);
  }
  return 0;
}

}  // namespace

int GetHostByName(const char* name, HostEntry* entry) {
  StartWinsock();
  return FindHost(gethostbyname(name), entry);
}

int GetHostByAddr(const void* address, size_t length, int family, HostEntry* entry) {
  StartWinsock();
  return FindHost(gethostbyaddr(static_cast<const char*>(address), static_cast<int>(length), family), entry);
}

int GetServByName(const char* service, const char* protocol) {
  StartWinsock();
  const struct servent* entry = getservbyname(service, protocol);
  return entry == nullptr ? -ENOENT : ntohs(static_cast<uint16_t>(entry->s_port));
}

int GetServByPort(int port, const char* protocol, std::string* service) {
  StartWinsock();
  const struct servent* entry = getservbyport(htons(static_cast<uint16_t>(port)), protocol);
  if (entry == nullptr) return -ENOENT;
  *service = entry->s_name;
  return 0;
}

int GetProtoByName(const char* name) {
  StartWinsock();
  const struct protoent* entry = getprotobyname(name);
  return entry == nullptr ? -ENOENT : entry->p_proto;
}

}  // namespace berkeley::os
