// Names, addresses and texts. Windows keeps names in UTF-16; here they are UTF-8.
#include "win.h"

#include <windows.h>

#include <iphlpapi.h>
#include <netioapi.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace berkeley::os {

namespace {

struct FreeAddrInfo {
  void operator()(ADDRINFOW* list) const { FreeAddrInfoW(list); }
};
using AddrInfoList = std::unique_ptr<ADDRINFOW, FreeAddrInfo>;

struct FreeTable {
  void operator()(MIB_IF_TABLE2* table) const { FreeMibTable(table); }
};
using InterfaceTable = std::unique_ptr<MIB_IF_TABLE2, FreeTable>;

int ResolverResult(int error) { return error == 0 ? 0 : kResolverBase + error; }

AddressInfo ToAddressInfo(const ADDRINFOW& info) {
  AddressInfo result = {info.ai_family, info.ai_socktype, info.ai_protocol, {}, {}};
  if (info.ai_canonname != nullptr) result.canonical_name = ToUtf8(info.ai_canonname);
  const auto* bytes = reinterpret_cast<const uint8_t*>(info.ai_addr);
  result.address.assign(bytes, bytes + info.ai_addrlen);
  return result;
}

const wchar_t* OrNull(const std::wstring& text, const char* given) { return given == nullptr ? nullptr : text.c_str(); }

}  // namespace

int GetAddrInfo(const char* host, const char* service, int family, int type, int protocol, int flags,
                std::vector<AddressInfo>* found) {
  StartWinsock();
  ADDRINFOW hints = {};
  hints.ai_flags = flags;
  hints.ai_family = family;
  hints.ai_socktype = type;
  hints.ai_protocol = protocol;
  const std::wstring wide_host = ToWide(host == nullptr ? "" : host);
  const std::wstring wide_service = ToWide(service == nullptr ? "" : service);
  ADDRINFOW* first = nullptr;
  const int error = GetAddrInfoW(OrNull(wide_host, host), OrNull(wide_service, service), &hints, &first);
  if (error != 0) return ResolverResult(error);
  const AddrInfoList list(first);
  for (const ADDRINFOW* info = first; info != nullptr; info = info->ai_next) found->push_back(ToAddressInfo(*info));
  return 0;
}

int GetNameInfo(const void* address, uint32_t length, int flags, std::string* host, std::string* service) {
  StartWinsock();
  wchar_t host_text[NI_MAXHOST], service_text[NI_MAXSERV];
  const int error = GetNameInfoW(static_cast<const SOCKADDR*>(address), static_cast<socklen_t>(length), host_text,
                                 NI_MAXHOST, service_text, NI_MAXSERV, flags);
  if (error != 0) return ResolverResult(error);
  *host = ToUtf8(host_text);
  *service = ToUtf8(service_text);
  return 0;
}

// As CPython, the name that the computer has in its network, which may be longer than NetBIOS allows.
int GetHostName(std::string* name) {
  DWORD size = 0;
  GetComputerNameExW(ComputerNamePhysicalDnsHostname, nullptr, &size);
  std::wstring text(size + 1, L'\0');
  size = static_cast<DWORD>(text.size());
  if (!GetComputerNameExW(ComputerNamePhysicalDnsHostname, text.data(), &size)) return SystemError(GetLastError());
  *name = ToUtf8(text.c_str());
  return 0;
}

int SetHostName(const char*, size_t) { return -ENOSYS; }

int InterfaceNames(std::vector<Interface>* found) {
  MIB_IF_TABLE2* rows = nullptr;
  const DWORD error = GetIfTable2Ex(MibIfTableRaw, &rows);
  if (error != NO_ERROR) return SystemError(error);
  const InterfaceTable table(rows);
  for (ULONG i = 0; i < rows->NumEntries; ++i) {
    wchar_t name[NDIS_IF_MAX_STRING_SIZE + 1] = {};
    if (ConvertInterfaceLuidToNameW(&rows->Table[i].InterfaceLuid, name, NDIS_IF_MAX_STRING_SIZE) != NO_ERROR) continue;
    found->push_back({rows->Table[i].InterfaceIndex, ToUtf8(name)});
  }
  return 0;
}

int InterfaceIndex(const char* name) {
  NET_LUID luid = {};
  NET_IFINDEX index = 0;
  if (ConvertInterfaceNameToLuidW(ToWide(name).c_str(), &luid) == NO_ERROR &&
      ConvertInterfaceLuidToIndex(&luid, &index) == NO_ERROR && index != 0) {
    return static_cast<int>(index);
  }
  return -ENODEV;
}

int InterfaceName(uint32_t index, std::string* name) {
  NET_LUID luid = {};
  wchar_t text[NDIS_IF_MAX_STRING_SIZE + 1] = {};
  if (ConvertInterfaceIndexToLuid(index, &luid) != NO_ERROR ||
      ConvertInterfaceLuidToNameW(&luid, text, NDIS_IF_MAX_STRING_SIZE) != NO_ERROR) {
    return -ENXIO;
  }
  *name = ToUtf8(text);
  return 0;
}

int InetPton(int family, const char* text, uint8_t out[16]) {
  StartWinsock();
  const int result = InetPtonW(family, ToWide(text).c_str(), out);
  if (result < 0) return LastSocketError();
  if (result == 0) return -EINVAL;
  return family == AF_INET ? sizeof(IN_ADDR) : sizeof(IN6_ADDR);
}

int InetNtop(int family, const uint8_t* bytes, std::string* text) {
  StartWinsock();
  wchar_t buffer[INET6_ADDRSTRLEN];
  if (InetNtopW(family, const_cast<uint8_t*>(bytes), buffer, INET6_ADDRSTRLEN) == nullptr) return LastSocketError();
  *text = ToUtf8(buffer);
  return 0;
}

// Windows has no inet_aton: one to four numbers, decimal, octal or hexadecimal, the last of which fills what is left.
int InetAton(const char* text, uint8_t out[4]) {
  uint32_t numbers[4];
  int count = 0;
  const char* at = text;
  for (;;) {
    if (count == 4 || *at < '0' || *at > '9') return -EINVAL;
    char* end = nullptr;
    errno = 0;
    const unsigned long long number = strtoull(at, &end, 0);
    if (errno != 0 || end == at || number > UINT32_MAX) return -EINVAL;
    numbers[count++] = static_cast<uint32_t>(number);
    at = end;
    if (*at != '.') break;
    ++at;
  }
  // As in the C libraries of other systems, anything may follow behind a space.
  if (*at != '\0' && strchr(" \t\n\v\f\r", *at) == nullptr) return -EINVAL;
  uint32_t address = 0;
  for (int i = 0; i < count - 1; ++i) {
    if (numbers[i] > 0xff) return -EINVAL;
    address |= numbers[i] << (24 - 8 * i);
  }
  const uint32_t last = numbers[count - 1];
  if (count > 1 && last >> (8 * (5 - count)) != 0) return -EINVAL;
  address |= last;
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(address >> (24 - 8 * i));
  return 4;
}

// C's own numbers are below Winsock's.
std::string ErrorText(int error) {
  if (error < WSABASEERR) {
    const char* text = strerror(error);
    return text == nullptr ? "Unknown error" : text;
  }
  wchar_t* text = nullptr;
  constexpr DWORD kFlags = FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
  DWORD length =
      FormatMessageW(kFlags, nullptr, static_cast<DWORD>(error), 0, reinterpret_cast<wchar_t*>(&text), 0, nullptr);
  if (length == 0) {
    char number[32];
    snprintf(number, sizeof(number), "Windows Error 0x%x", static_cast<unsigned>(error));
    return number;
  }
  // As CPython: without what ends the text.
  while (length > 0 && (text[length - 1] <= L' ' || text[length - 1] == L'.')) text[--length] = L'\0';
  const std::string result = ToUtf8(text);
  LocalFree(text);
  return result;
}

// CPython's own texts on Windows: its gai_strerror is not the system's.
std::string ResolverText(int) { return "getaddrinfo failed"; }

std::string HostText(int) { return "host not found"; }

}  // namespace berkeley::os
