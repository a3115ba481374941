// Many messages, a call each: for systems without a call for many, and for Linux where its call is refused.
#ifndef BERKELEY_OS_COMMON_BATCH_H_
#define BERKELEY_OS_COMMON_BATCH_H_

#include "../os.h"

namespace berkeley::os {

// Message i of a batch as one that RecvMsg fills, or SendMsg sends; `part` is its one part, which outlives it.
Message RoomInBatch(const Batch& batch, size_t i, IoVec* part);
// False: a size exceeds its room.
bool MessageInBatch(const Batch& batch, size_t i, IoVec* part, Message* message);
// What was received as message i: notes its sizes and flags.
void NoteInBatch(const Batch& batch, size_t i, int64_t length, const Message& message);
// RecvBatch and SendBatch, message by message.
int RecvOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);
int SendOneByOne(Fd fd, const Batch& batch, size_t start, size_t end, int flags, int wait);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_COMMON_BATCH_H_
