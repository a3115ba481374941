// Readiness as the system's socket driver (\Device\Afd) tells of it: what select, WSAPoll and libuv are made of too.
#ifndef BERKELEY_OS_WIN_AFD_H_
#define BERKELEY_OS_WIN_AFD_H_

#include "win.h"

#include <windows.h>
#include <winternl.h>

namespace berkeley::os::afd {

// The driver's events.
inline constexpr ULONG kReceive = 0x1;
inline constexpr ULONG kExpedited = 0x2;
inline constexpr ULONG kSend = 0x4;
inline constexpr ULONG kDisconnect = 0x8;
inline constexpr ULONG kAbort = 0x10;
inline constexpr ULONG kLocalClose = 0x20;
inline constexpr ULONG kAccept = 0x80;
inline constexpr ULONG kConnectFail = 0x100;

inline constexpr NTSTATUS kSuccess = 0;
inline constexpr NTSTATUS kPending = 0x103;
inline constexpr NTSTATUS kTimeout = 0x102;
inline constexpr NTSTATUS kCancelled = static_cast<NTSTATUS>(0xC0000120L);

struct PollHandle {
  HANDLE handle;
  ULONG events;
  NTSTATUS status;
};

// The beginning of what the driver is given: `count` PollHandles follow. Afterwards those are there that have events.
struct PollHeader {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
};

// Opens the driver. nullptr: it failed, with a negative code in *error.
HANDLE Open(int* error);
// Asks the driver to poll. `header` and `status` must stay until it has answered: at `event`, or, if that is null, at
// the port that the driver's handle is associated with, with `status` as the key of the packet.
NTSTATUS Poll(HANDLE driver, HANDLE event, IO_STATUS_BLOCK* status, PollHeader* header);
void Cancel(HANDLE driver, IO_STATUS_BLOCK* status);

// The handle of a socket that the driver itself knows. A negative code if `fd` is none.
int BaseHandle(Fd fd, HANDLE* handle);

// The driver's events to ask for where these bits of poll(2) are wanted, and back. An aborted connection is POLLERR and
// POLLHUP, and ready for whatever was wanted. A connect that failed is POLLERR, and POLLPRI if wanted, as for select.
ULONG ToEvents(uint32_t wanted);
uint32_t FromEvents(ULONG found, uint32_t wanted);

}  // namespace berkeley::os::afd

#endif  // BERKELEY_OS_WIN_AFD_H_
