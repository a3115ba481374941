// Batches with a system call for each message: on systems without a call for many, and on Linux where that is refused.
#ifndef BERKELEY_OS_COMMON_BATCH_H_
#define BERKELEY_OS_COMMON_BATCH_H_

#include "../os.h"

namespace berkeley::os {

// Makes of message i a Message for RecvMsg or SendMsg to use. `part`, its only part, must outlive it.
Message RoomInBatch(const Batch& batch, size_t i, IoVec* part);
// Makes of message i a Message to send. False: a size exceeds its room.
bool MessageInBatch(const Batch& batch, size_t i, IoVec* part, Message* message);
// Writes the sizes and the flags of a message that was received into the batch, as message i.
void NoteInBatch(const Batch& batch, size_t i, int64_t length, const Message& message);
// RecvBatch and SendBatch, message by message.
int RecvOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);
int SendOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_COMMON_BATCH_H_
