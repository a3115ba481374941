// What the files of win/ share.
#include "win.h"

#include <windows.h>

namespace berkeley::os {

void StartWinsock() {
  static const bool started = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
  }();
  (void)started;
}

int SystemError(unsigned long error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
      return -ENOENT;
    case ERROR_ACCESS_DENIED:
      return -EACCES;
    case ERROR_INVALID_HANDLE:
      return -EBADF;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
      return -ENOMEM;
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES:
      return -EMFILE;
    default:
      return error >= WSABASEERR && error < 12000 ? SocketError(static_cast<int>(error)) : -EINVAL;
  }
}

int Adopt(SOCKET socket) {
  if (socket == INVALID_SOCKET) return LastSocketError();
  u_long on = 1;
  // A SOCKET is a handle, and those are below 2^31.
  if (socket <= INT_MAX && ioctlsocket(socket, FIONBIO, &on) == 0) {
    SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT, 0);
    return static_cast<int>(socket);
  }
  const int error = socket <= INT_MAX ? LastSocketError() : -EMFILE;
  closesocket(socket);
  return error;
}

std::wstring ToWide(const char* text) {
  const int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, nullptr, 0);
  if (size <= 1) return {};
  std::wstring wide(static_cast<size_t>(size), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text, -1, wide.data(), size);
  wide.pop_back();
  return wide;
}

std::string ToUtf8(const wchar_t* text) {
  const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  if (size <= 1) return {};
  std::string narrow(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow.data(), size, nullptr, nullptr);
  narrow.pop_back();
  return narrow;
}

}  // namespace berkeley::os
