// Sending and receiving.
#include <winsock2.h>

#include <mswsock.h>

#include <algorithm>

#include "win.h"

namespace berkeley::os {

namespace {

ULONG ToSize(size_t length) { return static_cast<ULONG>(std::min<size_t>(length, INT_MAX)); }

// Windows refuses MSG_WAITALL where the socket is nonblocking. Whoever waits for all goes on in JavaScript.
int WithoutWaitAll(int flags) { return flags & ~MSG_WAITALL; }

bool IsStream(Fd fd) {
  int type = 0;
  int length = sizeof(type);
  const int result = getsockopt(ToSocket(fd), SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type), &length);
  return result == 0 && type == SOCK_STREAM;
}

// The call that receives or sends, or a code. `call` gets room for the number of bytes and for the flags.
template <typename Call>
int64_t Transfer(int flags, DWORD* flags_after, Call call) {
  DWORD count = 0;
  DWORD changed = static_cast<DWORD>(flags);
  const int result = Checked(call(&count, &changed));
  if (flags_after != nullptr) *flags_after = changed;
  return result < 0 ? result : int64_t{count};
}

// The parts of a message: at least one, because Windows refuses none.
struct Parts {
  explicit Parts(const Message& message) {
    if (message.part_count == 0) return;
    first = message.parts;
    count = static_cast<DWORD>(message.part_count);
  }
  WSABUF none = {0, nullptr};
  WSABUF* first = &none;
  DWORD count = 1;
};

// How many bytes a message has left in its parts for which it was too long: Windows does not tell.
int64_t RoomOf(const Message& message) {
  int64_t room = 0;
  for (size_t i = 0; i < message.part_count; ++i) room += message.parts[i].len;
  return room;
}

// WSARecvMsg and WSASendMsg are asked for at run time, and belong to the socket's provider.
template <typename Function>
Function* FindFunction(Fd fd, GUID id) {
  Function* function = nullptr;
  DWORD got = 0;
  const int result = WSAIoctl(ToSocket(fd), SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), &function,
                              sizeof(function), &got, nullptr, nullptr);
  return result == 0 ? function : nullptr;
}

using ReceiveMessage = INT WINAPI(SOCKET, LPWSAMSG, LPDWORD, LPWSAOVERLAPPED, LPWSAOVERLAPPED_COMPLETION_ROUTINE);
using SendMessageTo = INT WINAPI(SOCKET, LPWSAMSG, DWORD, LPDWORD, LPWSAOVERLAPPED, LPWSAOVERLAPPED_COMPLETION_ROUTINE);

constexpr GUID kReceiveMessage = {0xf689d7c8, 0x6f1f, 0x436b, {0x8a, 0x53, 0xe5, 0x4f, 0xe3, 0x51, 0xc3, 0x22}};
constexpr GUID kSendMessage = {0xa441e712, 0x754f, 0x43ca, {0x84, 0xa7, 0x0d, 0xee, 0x44, 0xcf, 0x60, 0x6d}};

WSAMSG ToSystem(const Message& message) {
  WSAMSG header = {};
  header.name = static_cast<SOCKADDR*>(message.address);
  header.namelen = message.address == nullptr ? 0 : static_cast<INT>(message.address_length);
  header.lpBuffers = message.parts;
  header.dwBufferCount = static_cast<DWORD>(message.part_count);
  header.Control = {ToSize(message.control_length), static_cast<CHAR*>(message.control)};
  return header;
}

int64_t ReceiveWithControl(Fd fd, Message* message, int flags) {
  auto* call = FindFunction<ReceiveMessage>(fd, kReceiveMessage);
  if (call == nullptr) return -WSAEOPNOTSUPP;
  WSAMSG header = ToSystem(*message);
  header.dwFlags = static_cast<DWORD>(flags);
  DWORD count = 0;
  const int result = Checked(call(ToSocket(fd), &header, &count, nullptr, nullptr));
  if (result < 0 && result != -WSAEMSGSIZE) return result;
  message->address_length = static_cast<uint32_t>(header.namelen);
  message->control_length = header.Control.len;
  message->flags = static_cast<int>(header.dwFlags);
  return result == -WSAEMSGSIZE ? RoomOf(*message) : int64_t{count};
}

int64_t ReceiveParts(Fd fd, Message* message, int flags) {
  const int room = static_cast<int>(message->address_length);
  int length = room;
  DWORD count = 0;
  DWORD told = static_cast<DWORD>(flags);
  Parts parts(*message);
  const int result = Checked(WSARecvFrom(ToSocket(fd), parts.first, parts.count, &count, &told,
                                         static_cast<SOCKADDR*>(message->address),
                                         message->address == nullptr ? nullptr : &length, nullptr, nullptr));
  if (result < 0 && result != -WSAEMSGSIZE) return result;
  message->address_length = length == room ? 0 : static_cast<uint32_t>(length);
  message->control_length = 0;
  message->flags = static_cast<int>(told) & ~(MSG_PARTIAL | flags);
  if (result != -WSAEMSGSIZE) return count;
  message->flags |= MSG_TRUNC;
  return RoomOf(*message);
}

}  // namespace

int64_t Recv(Fd fd, void* bytes, size_t length, int flags, int wait) {
  // Urgent data is there or not: nobody sleeps for it.
  if ((flags & MSG_OOB) != 0 && wait == kSleep) wait = kOnce;
  WSABUF part = {ToSize(length), static_cast<CHAR*>(bytes)};
  return CallWaiting(fd, Direction::kReading, wait, [&] {
    return Transfer(WithoutWaitAll(flags), nullptr, [&](DWORD* count, DWORD* changed) {
      return WSARecv(ToSocket(fd), &part, 1, count, changed, nullptr, nullptr);
    });
  });
}

int64_t Send(Fd fd, const void* bytes, size_t length, int flags, int wait) {
  WSABUF part = {ToSize(length), static_cast<CHAR*>(const_cast<void*>(bytes))};
  return CallWaiting(fd, Direction::kWriting, wait, [&] {
    return Transfer(flags, nullptr, [&](DWORD* count, DWORD* unchanged) {
      return WSASend(ToSocket(fd), &part, 1, count, *unchanged, nullptr, nullptr);
    });
  });
}

int64_t RecvFrom(Fd fd, void* bytes, size_t length, int flags, void* address, uint32_t* address_length, int wait) {
  WSABUF part = {ToSize(length), static_cast<CHAR*>(bytes)};
  const uint32_t room = *address_length;
  return CallWaiting(fd, Direction::kReading, wait, [&] {
    int size = static_cast<int>(room);
    const int64_t result = Transfer(WithoutWaitAll(flags), nullptr, [&](DWORD* count, DWORD* changed) {
      return WSARecvFrom(ToSocket(fd), &part, 1, count, changed, static_cast<SOCKADDR*>(address), &size, nullptr,
                         nullptr);
    });
    // A stream has no address, and leaves the size as it is.
    *address_length = static_cast<uint32_t>(size) == room ? 0 : static_cast<uint32_t>(size);
    return result;
  });
}

int64_t SendTo(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
               int wait) {
  WSABUF part = {ToSize(length), static_cast<CHAR*>(const_cast<void*>(bytes))};
  return CallWaiting(fd, Direction::kWriting, wait, [&] {
    return Transfer(flags, nullptr, [&](DWORD* count, DWORD* unchanged) {
      return WSASendTo(ToSocket(fd), &part, 1, count, *unchanged, static_cast<const SOCKADDR*>(address),
                       static_cast<int>(address_length), nullptr, nullptr);
    });
  });
}

int64_t RecvMsg(Fd fd, Message* message, int flags, int wait) {
  const Message asked = *message;
  // Only datagrams have ancillary data.
  const bool plain = asked.control_length == 0 || IsStream(fd);
  const int bits = WithoutWaitAll(flags);
  return CallWaiting(fd, Direction::kReading, wait, [&] {
    *message = asked;
    return plain ? ReceiveParts(fd, message, bits) : ReceiveWithControl(fd, message, bits);
  });
}

int64_t SendMsg(Fd fd, const Message& message, int flags, int wait) {
  Parts parts(message);
  const auto send = [&] {
    return Transfer(flags, nullptr, [&](DWORD* count, DWORD* unchanged) {
      return WSASendTo(ToSocket(fd), parts.first, parts.count, count, *unchanged,
                       static_cast<const SOCKADDR*>(message.address),
                       message.address == nullptr ? 0 : static_cast<int>(message.address_length), nullptr, nullptr);
    });
  };
  const auto send_with_control = [&]() -> int64_t {
    auto* call = FindFunction<SendMessageTo>(fd, kSendMessage);
    if (call == nullptr) return -WSAEOPNOTSUPP;
    WSAMSG header = ToSystem(message);
    DWORD count = 0;
    const int result = Checked(call(ToSocket(fd), &header, static_cast<DWORD>(flags), &count, nullptr, nullptr));
    return result < 0 ? result : int64_t{count};
  };
  if (message.control_length > 0) return CallWaiting(fd, Direction::kWriting, wait, send_with_control);
  return CallWaiting(fd, Direction::kWriting, wait, send);
}

}  // namespace berkeley::os
