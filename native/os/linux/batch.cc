// Batches are recvmmsg(2) and sendmmsg(2), or a call for each message where those two are refused: by an incomplete
// emulation of Linux (ENOSYS), or by a filter of system calls (EPERM). A firewall gives EPERM for a message too, which
// the call for that message then gives again. A refusal is not remembered, for it costs little.
#include "../common/batch.h"
#include "cloexec.h"

namespace berkeley::os {

namespace {

struct mmsghdr ToSystem(const Message& message) {
  struct mmsghdr header = {};
  header.msg_hdr.msg_name = message.address;
  header.msg_hdr.msg_namelen = message.address_length;
  header.msg_hdr.msg_iov = message.parts;
  header.msg_hdr.msg_iovlen = message.part_count;
  header.msg_hdr.msg_control = message.control_length == 0 ? nullptr : message.control;
  header.msg_hdr.msg_controllen = message.control_length;
  return header;
}

bool Refused(int result) { return result == -ENOSYS || result == -EPERM; }

}  // namespace

int RecvBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait) {
  if (one_by_one) return RecvOneByOne(fd, batch, start, end, flags, wait);
  struct mmsghdr headers[kMaxBatch];
  IoVec parts[kMaxBatch];
  const size_t count = end - start;
  for (size_t i = 0; i < count; ++i) headers[i] = ToSystem(RoomInBatch(batch, start + i, &parts[i]));
  const auto call = [&](int more) {
    return Checked(recvmmsg(fd, headers, static_cast<unsigned>(count), flags | more, nullptr));
  };
  const auto receive = [&](int more) {
    const int result = call(more | MSG_CMSG_CLOEXEC);
    return RefusesCloexec(fd, result) ? call(more) : result;
  };
  const int received = CallWaiting(
      fd, Direction::kReading, wait, [&] { return receive(MSG_DONTWAIT); }, [&] { return receive(MSG_WAITFORONE); });
  if (Refused(received)) return RecvOneByOne(fd, batch, start, end, flags, wait);
  for (int i = 0; i < received; ++i) {
    const struct msghdr& header = headers[i].msg_hdr;
    Message message;
    message.address_length = header.msg_namelen;
    message.control_length = header.msg_controllen;
    message.flags = WithoutCloexec(header.msg_flags, flags);
    NoteInBatch(batch, start + static_cast<size_t>(i), headers[i].msg_len, message);
  }
  return received;
}

int SendBatch(Fd fd, const Batch& batch, size_t start, size_t end, int flags, bool one_by_one, int wait) {
  if (one_by_one) return SendOneByOne(fd, batch, start, end, flags, wait);
  struct mmsghdr headers[kMaxBatch];
  IoVec parts[kMaxBatch];
  const size_t count = end - start;
  for (size_t i = 0; i < count; ++i) {
    Message message;
    if (!MessageInBatch(batch, start + i, &parts[i], &message)) return -EINVAL;
    headers[i] = ToSystem(message);
  }
  const auto send = [&](int more) {
    return Checked(sendmmsg(fd, headers, static_cast<unsigned>(count), flags | more | MSG_NOSIGNAL));
  };
  const int sent = CallWaiting(
      fd, Direction::kWriting, wait, [&] { return send(MSG_DONTWAIT); }, [&] { return send(0); });
  return Refused(sent) ? SendOneByOne(fd, batch, start, end, flags, wait) : sent;
}

}  // namespace berkeley::os
