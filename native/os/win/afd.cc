#include "afd.h"

#include <mswsock.h>

#ifndef SIO_BASE_HANDLE
#define SIO_BASE_HANDLE 0x48000022
#endif

namespace berkeley::os::afd {

namespace {

constexpr ULONG kIoctlPoll = 0x00012024;

using CancelFunction = NTSTATUS NTAPI(HANDLE, PIO_STATUS_BLOCK, PIO_STATUS_BLOCK);

CancelFunction* FindCancel() {
  // Not in every import library.
  return reinterpret_cast<CancelFunction*>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCancelIoFileEx")));
}

}  // namespace

HANDLE Open(int* error) {
  StartWinsock();
  static wchar_t name[] = L"\\Device\\Afd\\berkeley";
  UNICODE_STRING text;
  text.Buffer = name;
  text.Length = sizeof(name) - sizeof(name[0]);
  text.MaximumLength = sizeof(name);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &text, 0, nullptr, nullptr);
  IO_STATUS_BLOCK status = {};
  HANDLE driver = nullptr;
  const NTSTATUS opened = NtCreateFile(&driver, SYNCHRONIZE, &attributes, &status, nullptr, 0,
                                       FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0);
  if (opened == kSuccess) return driver;
  *error = SystemError(RtlNtStatusToDosError(opened));
  return nullptr;
}

NTSTATUS Poll(HANDLE driver, HANDLE event, IO_STATUS_BLOCK* status, PollHeader* header) {
  const ULONG size = static_cast<ULONG>(sizeof(*header) + header->count * sizeof(PollHandle));
  status->Status = kPending;
  status->Information = 0;
  void* const key = event == nullptr ? status : nullptr;
  return NtDeviceIoControlFile(driver, event, nullptr, key, status, kIoctlPoll, header, size, header, size);
}

void Cancel(HANDLE driver, IO_STATUS_BLOCK* status) {
  static CancelFunction* const cancel = FindCancel();
  IO_STATUS_BLOCK told = {};
  cancel(driver, status, &told);
}

int BaseHandle(Fd fd, HANDLE* handle) {
  SOCKET base = INVALID_SOCKET;
  DWORD got = 0;
  const int result = WSAIoctl(ToSocket(fd), SIO_BASE_HANDLE, nullptr, 0, &base, sizeof(base), &got, nullptr, nullptr);
  if (result != 0) return LastSocketError();
  *handle = reinterpret_cast<HANDLE>(base);
  return 0;
}

ULONG ToEvents(uint32_t wanted) {
  ULONG events = kAbort | kLocalClose | kConnectFail;
  if ((wanted & POLLIN) != 0) events |= kReceive | kDisconnect | kAccept;
  if ((wanted & POLLPRI) != 0) events |= kExpedited;
  if ((wanted & (POLLOUT | POLLWRBAND)) != 0) events |= kSend;
  return events;
}

uint32_t FromEvents(ULONG found, uint32_t wanted) {
  uint32_t bits = 0;
  if ((found & (kReceive | kDisconnect | kAccept)) != 0) bits |= POLLIN;
  if ((found & kExpedited) != 0) bits |= POLLPRI;
  if ((found & kSend) != 0) bits |= POLLOUT | POLLWRBAND;
  if ((found & kAbort) != 0) bits |= POLLIN | POLLOUT;
  if ((found & kConnectFail) != 0) bits |= POLLPRI;
  bits &= wanted;
  if ((found & (kAbort | kConnectFail)) != 0) bits |= POLLERR;
  if ((found & kAbort) != 0) bits |= POLLHUP;
  if ((found & kLocalClose) != 0) bits |= POLLNVAL;
  return bits;
}

}  // namespace berkeley::os::afd
