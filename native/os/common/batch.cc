#include "batch.h"

#include <algorithm>

namespace berkeley::os {

namespace {

void* Slot(uint8_t* memory, size_t room, size_t i) { return room == 0 ? nullptr : memory + i * room; }

// Returns element i of `sizes`, or -1 if it is below 0 or above `room`. The element is read once, because another
// thread may write to the array.
int64_t SizeIn(const int32_t* sizes, size_t i, size_t room) {
  const int32_t size = static_cast<const volatile int32_t*>(sizes)[i];
  return size < 0 || static_cast<size_t>(size) > room ? -1 : size;
}

int32_t Capped(size_t size, size_t room) { return static_cast<int32_t>(std::min(size, room)); }

}  // namespace

Message RoomInBatch(const Batch& batch, size_t i, IoVec* part) {
  *part = MakeIoVec(batch.bytes + i * batch.room, batch.room);
  Message message;
  message.parts = part;
  message.part_count = 1;
  message.address = Slot(batch.addresses, batch.address_room, i);
  message.address_length = static_cast<uint32_t>(batch.address_room);
  message.control = Slot(batch.control, batch.control_room, i);
  message.control_length = batch.control_room;
  return message;
}

bool MessageInBatch(const Batch& batch, size_t i, IoVec* part, Message* message) {
  const int64_t length = SizeIn(batch.lengths, i, batch.room);
  const int64_t address_length = SizeIn(batch.address_lengths, i, batch.address_room);
  const int64_t control_length = SizeIn(batch.control_lengths, i, batch.control_room);
  if (length < 0 || address_length < 0 || control_length < 0) return false;
  *message = RoomInBatch(batch, i, part);
  *part = MakeIoVec(batch.bytes + i * batch.room, static_cast<size_t>(length));
  if (address_length == 0) message->address = nullptr;
  message->address_length = static_cast<uint32_t>(address_length);
  message->control_length = static_cast<size_t>(control_length);
  return true;
}

void NoteInBatch(const Batch& batch, size_t i, int64_t length, const Message& message) {
  batch.lengths[i] = static_cast<int32_t>(length);
  batch.address_lengths[i] = Capped(message.address_length, batch.address_room);
  batch.control_lengths[i] = Capped(message.control_length, batch.control_room);
  batch.flags[i] = message.flags;
}

int RecvOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait) {
  for (size_t i = start; i < end; ++i) {
    IoVec part;
    Message message = RoomInBatch(batch, i, &part);
    const int64_t length = RecvMsg(fd, &message, flags, i == start ? wait : kOnce);
    if (length < 0) return i == start ? static_cast<int>(length) : static_cast<int>(i - start);
    NoteInBatch(batch, i, length, message);
  }
  return static_cast<int>(end - start);
}

int SendOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait) {
  for (size_t i = start; i < end; ++i) {
    IoVec part;
    Message message;
    const int64_t sent = MessageInBatch(batch, i, &part, &message) ? SendMsg(fd, message, flags, wait) : kInvalid;
    if (sent < 0) return i == start ? static_cast<int>(sent) : static_cast<int>(i - start);
  }
  return static_cast<int>(end - start);
}

}  // namespace berkeley::os
