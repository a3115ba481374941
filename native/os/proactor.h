// The contract of a completion backend: one object that carries out many operations for each call.
//
// A readiness backend (poller.h) says that a call would succeed, and each call is made one by one. Here JavaScript
// writes what it wants into memory that both sides see; one call of Turn starts all of it, waits, and leaves what has
// completed in the same memory. No operation costs a call through Node-API or an object.
//
// The memory, in this order. All numbers but the last two areas' are 32-bit integers of the machine's byte order.
//   header       kHeaderInts integers, see Header
//   submissions  `entries` rows of kRowInts integers, see Submission
//   completions  `entries` rows of kRowInts integers, see Completion
//   free         `buffers` integers: a stack of the buffers that nobody has; its height is in the header
//   owners       `buffers` integers: whose each buffer is, see BufferOwner
//   addresses    kAddressRoom bytes for each buffer: where its bytes came from or go to
//   arena        `buffer_size` bytes for each buffer, Stride() apart
// JavaScript may have written anything into it. A backend believes none of it: an index that is out of range is an
// error of the operation that has it.
//
// The memory is not touched outside Turn and Submit. (A backend whose kernel writes into buffers between two turns has
// an arena of its own and must say so here.)
//
// A token stands for a descriptor: the index of its place in the low kIndexBits, above them how often the place was
// given out. A token whose descriptor was removed is never valid again until its number of uses has gone round.
// 0 is no token.
//
// A token has at most one operation that reads (accept, receive, receive from); a second one completes with kBusy.
// Operations that write (connect, send, send to, shut down, close) are carried out one after the other, in the order
// in which they were submitted; a send completes when all of its bytes have been taken.
#ifndef BERKELEY_OS_PROACTOR_H_
#define BERKELEY_OS_PROACTOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "os.h"

namespace berkeley::os {

enum Operation : int32_t {
  kOpAccept = 1,     // completes with a new descriptor, which is the caller's
  kOpReceive = 2,    // completes with a buffer and the number of its bytes; 0 and no buffer: the peer has sent all
  kOpReceiveFrom,    // the same, and the sender's address
  kOpSend,           // `length` bytes of a buffer from `offset` on
  kOpSendTo,         // one message, to the address of the buffer, which has `address_length` bytes
  kOpConnect,        // to the address of the buffer
  kOpShutdown,       // `length`: how
  kOpClose,          // removes the token; its descriptor is the caller's to close
  kOpTimeout,        // completes with kTimeExpired after `length` ms; has no token
  kOpCancel,         // ends what is under way for the token, with kCanceled; does not complete itself
  kOpRemoveTimeout,  // ends the time-outs that have the same `user`; does not complete itself
};

enum SubmissionFlag : int32_t {
  kMultishot = 1,      // of what reads: it is repeated until it fails, the stream ends, or it is cancelled
  kKeepBuffer = 2,     // of what sends: the buffer is not given back
  kQuiet = 4,          // of what writes: no completion if it succeeds
  kCancelReading = 8,  // of cancel, each or both
  kCancelWriting = 16,
};

struct Submission {
  int32_t operation, token, buffer, offset, length, flags, user, address_length;
};

enum CompletionFlag : int32_t {
  kMore = 1,  // the operation goes on, and there will be another completion
};

struct Completion {
  int32_t operation, token;
  int32_t result;  // >= 0, or a negative code
  int32_t buffer;  // -1: none
  int32_t user;    // as submitted
  int32_t flags;
  int32_t address_length;
  int32_t unused;
};

struct Header {
  int32_t submitted;   // how many rows of submissions are to be taken; JavaScript adds, Turn takes
  int32_t free;        // how many buffers are free
  int32_t special;     // how many of this turn's completions are of accept or close
  int32_t timeout_ms;  // when the first time-out is due; -1: there is none
  int32_t unfinished;  // 1: the next turn has completions at once
  int32_t unused[11];
};

enum BufferOwner : int32_t {
  kFree = 0,
  kCaller = 1,
  kUnderWay = 2,
};

inline constexpr size_t kHeaderInts = 16;
inline constexpr size_t kRowInts = 8;
inline constexpr size_t kAddressRoom = 128;
inline constexpr int kIndexBits = 20;
static_assert(sizeof(Submission) == kRowInts * 4 && sizeof(Completion) == kRowInts * 4);
static_assert(sizeof(Header) == kHeaderInts * 4);

struct ProactorSize {
  size_t entries, buffers, buffer_size;  // kMaxEntries, kMaxBuffers, kMaxBufferSize at most, and 1 at least
  // From the beginning of a buffer to that of the next one. A cache line more than a power of two: the first lines of
  // all buffers would fall into the same set of the processor's cache.
  size_t Stride() const { return (buffer_size + 63) / 64 * 64 + 64; }
  size_t Bytes() const {
    return kHeaderInts * 4 + 2 * entries * kRowInts * 4 + buffers * (8 + kAddressRoom + Stride());
  }
};
inline constexpr size_t kMaxEntries = 1 << 16;
inline constexpr size_t kMaxBuffers = 1 << 16;
inline constexpr size_t kMaxBufferSize = 1 << 24;

class Proactor {
 public:
  Proactor() = default;
  virtual ~Proactor() = default;
  Proactor(const Proactor&) = delete;
  Proactor& operator=(const Proactor&) = delete;

  // Returns a token for fd, which must stay open until the token is removed; or a negative code.
  virtual int Add(Fd fd) = 0;
  // Returns the descriptor of a token, or kBadFd.
  virtual Fd Descriptor(int32_t token) const = 0;
  // Removes a token. What is under way for it completes with `code` in the next turn. Returns 0 or kBadFd.
  virtual int Remove(int32_t token, int code) = 0;
  // Starts what was submitted. Its completions come with the next turn.
  virtual void Submit(uint8_t* memory) = 0;
  // Starts what was submitted, sleeps for at most timeout_ms until something completes, and fills in the completions.
  // Returns how many there are, or a negative code of the sleep.
  virtual int Turn(uint8_t* memory, int timeout_ms) = 0;
  // A descriptor that polls readable when Turn would find something, apart from time-outs; kNoFd if there is none.
  virtual Fd Watched() const = 0;
};

// Creates a proactor over the system's poller. nullptr: it failed, with a negative code in *error.
std::unique_ptr<Proactor> CreateProactor(const ProactorSize& size, int* error);

}  // namespace berkeley::os

#endif  // BERKELEY_OS_PROACTOR_H_
