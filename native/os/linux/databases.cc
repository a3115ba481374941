// The databases of hosts, services and protocols are read by reentrant calls where there are some, because workers run
// at the same time.
#include <arpa/inet.h>
#include <netdb.h>

#include <mutex>

#include "../posix/posix.h"

namespace berkeley::os {

namespace {

// glibc's NETDB_INTERNAL and NETDB_SUCCESS, which musl has no names for.
constexpr int kSystemError = -1;
constexpr int kNoError = 0;

constexpr size_t kFirstRoom = 1024;
constexpr size_t kMostRoom = 1024 * 1024;

// Calls `lookup(buffer, size)`, which says ERANGE as long as it has too little room.
template <typename Lookup>
int WithRoom(Lookup lookup) {
  std::vector<char> room(kFirstRoom);
  int error = lookup(room.data(), room.size());
  while (error == ERANGE && room.size() < kMostRoom) {
    room.resize(room.size() * 4);
    error = lookup(room.data(), room.size());
  }
  return error;
}

// What both calls of the host database have in common: `lookup` is the call, with room that suffices in the end.
template <typename Lookup>
int FindHost(Lookup lookup, HostEntry* entry) {
  int host_error = 0;
  bool found = false;
  const int error = WithRoom([&](char* room, size_t size) {
    struct hostent host;
    struct hostent* result = nullptr;
    const int status = lookup(&host, room, size, &result, &host_error);
    if (status != 0 || result == nullptr) return status;
    found = true;
    entry->name = result->h_name;
    for (char** alias = result->h_aliases; *alias != nullptr; ++alias) entry->aliases.emplace_back(*alias);
    entry->family = result->h_addrtype;
    for (char** address = result->h_addr_list; *address != nullptr; ++address) {
      entry->addresses.emplace_back(*address, *address + result->h_length);
    }
    return 0;
  });
  if (found) return 0;
  if (host_error == kSystemError) return error > 0 ? -error : -EIO;
  return kHostBase - (host_error == kNoError ? HOST_NOT_FOUND : host_error);
}

}  // namespace

int GetHostByName(const char* name, HostEntry* entry) {
  const auto lookup = [=](struct hostent* host, char* room, size_t size, struct hostent** result, int* host_error) {
    return gethostbyname_r(name, host, room, size, result, host_error);
  };
  return FindHost(lookup, entry);
}

int GetHostByAddr(const void* address, size_t length, int family, HostEntry* entry) {
  const auto lookup = [=](struct hostent* host, char* room, size_t size, struct hostent** result, int* host_error) {
    return gethostbyaddr_r(address, static_cast<socklen_t>(length), family, host, room, size, result, host_error);
  };
  return FindHost(lookup, entry);
}

int GetServByName(const char* service, const char* protocol) {
  int port = -ENOENT;
  WithRoom([&](char* room, size_t size) {
    struct servent entry;
    struct servent* result = nullptr;
    const int status = getservbyname_r(service, protocol, &entry, room, size, &result);
    if (status == 0 && result != nullptr) port = ntohs(static_cast<uint16_t>(result->s_port));
    return status;
  });
  return port;
}

int GetServByPort(int port, const char* protocol, std::string* service) {
  int found = -ENOENT;
  WithRoom([&](char* room, size_t size) {
    struct servent entry;
    struct servent* result = nullptr;
    const int status = getservbyport_r(htons(static_cast<uint16_t>(port)), protocol, &entry, room, size, &result);
    if (status != 0 || result == nullptr) return status;
    *service = result->s_name;
    return found = 0;
  });
  return found;
}

#ifdef __GLIBC__
int GetProtoByName(const char* name) {
  int number = -ENOENT;
  WithRoom([&](char* room, size_t size) {
    struct protoent entry;
    struct protoent* result = nullptr;
    const int status = getprotobyname_r(name, &entry, room, size, &result);
    if (status == 0 && result != nullptr) number = result->p_proto;
    return status;
  });
  return number;
}
#else
// musl has no reentrant call. Its database is a table of its own, so nobody waits long.
int GetProtoByName(const char* name) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  const struct protoent* found = getprotobyname(name);
  return found == nullptr ? -ENOENT : found->p_proto;
}
#endif

}  // namespace berkeley::os
