// Sending and receiving. MSG_DONTWAIT on every call: a blocking descriptor must not put the thread to sleep where
// nobody could wake it.
#include <poll.h>

#include "../../system/calls.h"
#include "posix.h"

namespace berkeley::os {

namespace {

struct msghdr ToSystem(const Message& message) {
  struct msghdr header = {};
  header.msg_name = message.address;
  header.msg_namelen = message.address_length;
  header.msg_iov = message.parts;
  header.msg_iovlen = message.part_count;
  header.msg_control = message.control_length == 0 ? nullptr : message.control;
  header.msg_controllen = message.control_length;
  return header;
}

}  // namespace

int64_t Recv(Fd fd, void* bytes, size_t length, int flags, int wait_ms) {
  if (wait_ms > 0) {
    PollEntry entry = {fd, POLLIN, 0};
    const int found = Poll(&entry, 1, wait_ms);
    // What poll passes over may be there all the same: SO_RCVLOWAT may be more than is asked for.
    if (found < 0) return found;
  }
  return Checked(system_calls::Recv(fd, bytes, length, flags | MSG_DONTWAIT));
}

int64_t Send(Fd fd, const void* bytes, size_t length, int flags) {
  return Checked(system_calls::Send(fd, bytes, length, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

int64_t RecvFrom(Fd fd, void* bytes, size_t length, int flags, void* address, uint32_t* address_length) {
  return Checked(
      recvfrom(fd, bytes, length, flags | MSG_DONTWAIT, static_cast<struct sockaddr*>(address), address_length));
}

int64_t SendTo(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length) {
  return Checked(sendto(fd, bytes, length, flags | MSG_DONTWAIT | MSG_NOSIGNAL,
                        static_cast<const struct sockaddr*>(address), address_length));
}

int64_t RecvMsg(Fd fd, Message* message, int flags) {
  struct msghdr header = ToSystem(*message);
  const int64_t result = Checked(recvmsg(fd, &header, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (result < 0) return result;
  message->address_length = header.msg_namelen;
  message->control_length = header.msg_controllen;
  // Linux reports the bit back. A caller who did not ask for it should not find it.
  message->flags = header.msg_flags & ~(MSG_CMSG_CLOEXEC & ~flags);
  return result;
}

int64_t SendMsg(Fd fd, const Message& message, int flags) {
  const struct msghdr header = ToSystem(message);
  return Checked(sendmsg(fd, &header, flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace berkeley::os
