// Sending and receiving.
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

// Makes a call that the flag MSG_DONTWAIT bounds.
template <typename Call>
int64_t Patiently(Fd fd, Direction direction, int wait, Call call) {
  return CallWaiting(
      fd, direction, wait, [&] { return int64_t{call(MSG_DONTWAIT)}; }, [&] { return int64_t{call(0)}; });
}

}  // namespace

int64_t Recv(Fd fd, void* bytes, size_t length, int flags, int wait) {
  const auto call = [=](int more) { return Checked(system_calls::Recv(fd, bytes, length, flags | more)); };
  return Patiently(fd, Direction::kReading, wait, call);
}

int64_t Send(Fd fd, const void* bytes, size_t length, int flags, int wait) {
  const auto call = [=](int more) {
    return Checked(system_calls::Send(fd, bytes, length, flags | more | MSG_NOSIGNAL));
  };
  return Patiently(fd, Direction::kWriting, wait, call);
}

int64_t RecvFrom(Fd fd, void* bytes, size_t length, int flags, void* address, uint32_t* address_length, int wait) {
  const auto call = [=](int more) {
    return Checked(recvfrom(fd, bytes, length, flags | more, static_cast<struct sockaddr*>(address), address_length));
  };
  return Patiently(fd, Direction::kReading, wait, call);
}

int64_t SendTo(Fd fd, const void* bytes, size_t length, int flags, const void* address, uint32_t address_length,
               int wait) {
  const auto call = [=](int more) {
    return Checked(sendto(fd, bytes, length, flags | more | MSG_NOSIGNAL, static_cast<const struct sockaddr*>(address),
                          address_length));
  };
  return Patiently(fd, Direction::kWriting, wait, call);
}

int64_t RecvMsg(Fd fd, Message* message, int flags, int wait) {
  struct msghdr header = {};
  const auto receive = [&](int more) {
    header = ToSystem(*message);
    return RecvMsgCloexec(fd, &header, flags | more);
  };
  const int64_t result = Patiently(fd, Direction::kReading, wait, receive);
  if (result < 0) return result;
  message->address_length = header.msg_namelen;
  message->control_length = header.msg_controllen;
  message->flags = header.msg_flags;
  return result;
}

int64_t SendMsg(Fd fd, const Message& message, int flags, int wait) {
  const struct msghdr header = ToSystem(message);
  const auto call = [&](int more) { return Checked(sendmsg(fd, &header, flags | more | MSG_NOSIGNAL)); };
  return Patiently(fd, Direction::kWriting, wait, call);
}

}  // namespace berkeley::os
