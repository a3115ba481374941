// A completion backend over the system's readiness backend: whatever poller.h stands over, the same operations.
//
// The places (of descriptors) and the operations are rows of two tables that grow by doubling and never shrink; lists
// go through the rows' own indices. So an operation allocates nothing.
#include "../proactor.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <unordered_map>
#include <vector>

#include "../poller.h"

namespace berkeley::os {

namespace {

constexpr int kNone = -1;
constexpr int kEvents = 1024;
constexpr size_t kMaxOperations = 1 << 20;
constexpr size_t kMaxPlaces = 1 << kIndexBits;
constexpr int kMaxUses = (1 << (31 - kIndexBits)) - 1;
constexpr int32_t kIndexMask = (1 << kIndexBits) - 1;
// How many datagrams or connections of one descriptor are received in one turn.
constexpr int kRepetitions = 32;

int64_t NowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

bool MustWait(int64_t result) { return result == kWouldBlock || result == -EINTR; }

// A list of operations that goes through their `next`.
struct List {
  int first = kNone, last = kNone;
};

struct Underway {
  Submission what = {};
  int32_t result = 0;
  int32_t done = 0;    // bytes that were sent; of connect, 1 once it is under way
  int64_t due_ms = 0;  // of a time-out
  int next = kNone;
};

struct Place {
  Fd fd = kNoFd;
  int uses = 0;  // how often the place was given out
  int reading = kNone;
  List writing;
  uint32_t watched = 0;   // what the poller watches for
  bool starved = false;   // reading waits for a free buffer
  int next_free = kNone;  // of a place that is free
};

// What lies where in the memory of one turn.
struct Memory {
  Header* header;
  Submission* submissions;
  Completion* completions;
  int32_t* free;
  int32_t* owners;
  uint8_t* addresses;
  uint8_t* arena;
};

class PollerProactor : public Proactor {
 public:
  PollerProactor(const ProactorSize& size, std::unique_ptr<Poller> poller) : size_(size), poller_(std::move(poller)) {}

  int Add(Fd fd) override {
    if (index_of_.count(fd) != 0) return kBusy;
    if (free_place_ == kNone) {
      if (places_.size() == kMaxPlaces) return kNoMemory;
      free_place_ = static_cast<int>(places_.size());
      places_.emplace_back();
    }
    const int index = free_place_;
    Place& place = places_[index];
    free_place_ = place.next_free;
    const int uses = place.uses % kMaxUses + 1;
    place = Place();
    place.fd = fd;
    place.uses = uses;
    index_of_[fd] = index;
    return uses << kIndexBits | index;
  }

  Fd Descriptor(int32_t token) const override {
    const int index = Find(token);
    return index == kNone ? kBadFd : places_[index].fd;
  }

  int Remove(int32_t token, int code) override {
    const int index = Find(token);
    if (index == kNone) return kBadFd;
    EndReading(index, code);
    EndWriting(index, code);
    Place& place = places_[index];
    if (place.watched != 0) poller_->Remove(place.fd);
    index_of_.erase(place.fd);
    place.fd = kNoFd;
    place.watched = 0;
    place.next_free = free_place_;
    free_place_ = index;
    return 0;
  }

  void Submit(uint8_t* memory) override {
    Map(memory);
    count_ = room_ = 0;
    TakeSubmissions();
    if (!starved_.empty()) FeedStarved();
    Tell();
  }

  int Turn(uint8_t* memory, int timeout_ms) override {
    Map(memory);
    count_ = 0;
    room_ = static_cast<int>(size_.entries);
    memory_.header->special = 0;
    EmitFinished();
    TakeSubmissions();
    if (!starved_.empty()) FeedStarved();
    Expire();
    EmitFinished();
    const int error = count_ == room_ ? 0 : Look(count_ > 0 ? 0 : UntilTimeout(timeout_ms));
    Expire();
    EmitFinished();
    Tell();
    return count_ > 0 ? count_ : error;
  }

  Fd Watched() const override { return poller_->Descriptor(); }

 private:
  // ---- the memory --------------------------------------------------------------------------------------------------

  void Map(uint8_t* memory) {
    const auto take = [&memory](size_t bytes) {
      uint8_t* const part = memory;
      memory += bytes;
      return part;
    };
    memory_.header = reinterpret_cast<Header*>(take(sizeof(Header)));
    memory_.submissions = reinterpret_cast<Submission*>(take(size_.entries * sizeof(Submission)));
    memory_.completions = reinterpret_cast<Completion*>(take(size_.entries * sizeof(Completion)));
    memory_.free = reinterpret_cast<int32_t*>(take(size_.buffers * 4));
    memory_.owners = reinterpret_cast<int32_t*>(take(size_.buffers * 4));
    memory_.addresses = take(size_.buffers * kAddressRoom);
    memory_.arena = memory;
  }

  // Leaves in the header when the next turn has something to do of which the poller knows nothing.
  void Tell() {
    memory_.header->timeout_ms = timers_.empty() ? -1 : UntilTimeout(INT32_MAX);
    memory_.header->unfinished = finished_.first != kNone;
  }

  bool IsBuffer(int32_t buffer) const { return buffer >= 0 && static_cast<size_t>(buffer) < size_.buffers; }
  uint8_t* BytesOf(int32_t buffer) { return memory_.arena + buffer * stride_; }
  uint8_t* AddressOf(int32_t buffer) { return memory_.addresses + buffer * kAddressRoom; }

  // Takes a free buffer; kNone if there is none.
  int32_t TakeBuffer() {
    const int32_t height = memory_.header->free;
    if (height <= 0 || static_cast<size_t>(height) > size_.buffers) return kNone;
    const int32_t buffer = memory_.free[height - 1];
    memory_.header->free = height - 1;
    if (!IsBuffer(buffer)) return kNone;
    memory_.owners[buffer] = kCaller;
    return buffer;
  }

  void GiveBack(int32_t buffer) {
    if (!IsBuffer(buffer) || memory_.owners[buffer] == kFree) return;
    memory_.owners[buffer] = kFree;
    const int32_t height = memory_.header->free;
    if (height < 0 || static_cast<size_t>(height) >= size_.buffers) return;
    memory_.free[height] = buffer;
    memory_.header->free = height + 1;
  }

  // ---- operations --------------------------------------------------------------------------------------------------

  // Returns kNone if there are too many.
  int NewOperation(const Submission& what) {
    int index = free_operation_;
    if (index == kNone) {
      if (operations_.size() == kMaxOperations) return kNone;
      index = static_cast<int>(operations_.size());
      operations_.emplace_back();
    } else {
      free_operation_ = operations_[index].next;
    }
    Underway& operation = operations_[index];
    operation.what = what;
    operation.result = 0;
    operation.done = 0;
    operation.next = kNone;
    return index;
  }

  void Append(List* list, int index) {
    operations_[index].next = kNone;
    if (list->first == kNone)
      list->first = index;
    else
      operations_[list->last].next = index;
    list->last = index;
  }

  int Pop(List* list) {
    const int index = list->first;
    list->first = operations_[index].next;
    if (list->first == kNone) list->last = kNone;
    return index;
  }

  void Row(const Submission& what, int32_t result, int32_t buffer, int32_t flags, uint32_t address_length) {
    const auto length = static_cast<int32_t>(std::min<uint32_t>(address_length, kAddressRoom));
    memory_.completions[count_++] = {what.operation, what.token, result, buffer, what.user, flags, length, 0};
    if (what.operation == kOpAccept || what.operation == kOpClose) ++memory_.header->special;
  }

  static bool Writes(const Submission& what) { return what.operation >= kOpSend && what.operation <= kOpConnect; }

  // The operation is over, with a result that has no buffer for the caller: gives its own buffer back, and makes a row.
  void Emit(int index) {
    const Submission what = operations_[index].what;
    const int32_t result = operations_[index].result;
    operations_[index].next = free_operation_;
    free_operation_ = index;
    if (Writes(what) && (what.flags & kKeepBuffer) == 0) GiveBack(what.buffer);
    if (result < 0 || (what.flags & kQuiet) == 0 || what.operation == kOpClose) Row(what, result, kNone, 0, 0);
  }

  void EmitFinished() {
    while (finished_.first != kNone && count_ < room_) Emit(Pop(&finished_));
  }

  void Finish(int index, int32_t result) {
    operations_[index].result = result;
    if (count_ < room_ && finished_.first == kNone)
      Emit(index);
    else
      Append(&finished_, index);
  }

  // For between two turns, when there is no memory.
  void FinishLater(int index, int32_t result) {
    operations_[index].result = result;
    Append(&finished_, index);
  }

  // ---- places ------------------------------------------------------------------------------------------------------

  int Find(int32_t token) const {
    const int index = token & kIndexMask;
    if (token <= 0 || static_cast<size_t>(index) >= places_.size()) return kNone;
    const Place& place = places_[index];
    return place.fd != kNoFd && place.uses == token >> kIndexBits ? index : kNone;
  }

  // Has the poller watch for what is wanted. What was wanted for reading is still watched for, because the next
  // operation will most likely want it too; `idle` are the events that were reported in vain.
  int Watch(int index, uint32_t idle) {
    Place& place = places_[index];
    const uint32_t reading = place.reading != kNone && !place.starved ? POLLIN : 0;
    const uint32_t writing = place.writing.first != kNone ? POLLOUT : 0;
    const uint32_t kept = place.starved ? 0 : place.watched & ~idle & POLLIN;
    const uint32_t wanted = reading | writing | kept;
    if (wanted == place.watched) return 0;
    int result = 0;
    if (wanted == 0)
      poller_->Remove(place.fd);
    else if (place.watched == 0)
      result = poller_->Add(place.fd, wanted);
    else
      result = poller_->Modify(place.fd, wanted);
    if (result >= 0) place.watched = wanted;
    return result;
  }

  void EndReading(int index, int code) {
    Place& place = places_[index];
    place.starved = false;
    if (place.reading == kNone) return;
    FinishLater(place.reading, code);
    place.reading = kNone;
  }

  void EndWriting(int index, int code) {
    Place& place = places_[index];
    while (place.writing.first != kNone) FinishLater(Pop(&place.writing), code);
  }

  // After a change: what cannot be watched ends with the poller's error.
  void WatchOrEnd(int index, uint32_t idle) {
    const int result = Watch(index, idle);
    if (result >= 0) return;
    EndReading(index, result);
    EndWriting(index, result);
  }

  // ---- submissions -------------------------------------------------------------------------------------------------

  void TakeSubmissions() {
    Header* header = memory_.header;
    const int most = static_cast<int>(size_.entries);
    const int submitted = std::min(std::max(header->submitted, 0), most);
    int taken = 0;
    // A row without room for its operation waits for the next turn.
    while (taken < submitted && Take(memory_.submissions[taken])) ++taken;
    std::copy(memory_.submissions + taken, memory_.submissions + submitted, memory_.submissions);
    header->submitted = submitted - taken;
  }

  bool Take(const Submission& row) {
    const Submission what = row;
    if (what.operation == kOpCancel) return Cancel(what), true;
    if (what.operation == kOpRemoveTimeout) return RemoveTimeouts(what.user), true;
    const int operation = NewOperation(what);
    if (operation == kNone) return false;
    const int32_t refusal = Refusal(what);
    if (refusal < 0)
      Finish(operation, refusal);
    else if (what.operation == kOpTimeout)
      StartTimeout(operation);
    else if (what.operation <= kOpReceiveFrom)
      StartReading(Find(what.token), operation);
    else
      StartWriting(Find(what.token), operation);
    return true;
  }

  // Returns a negative code if the operation cannot be begun.
  int32_t Refusal(const Submission& what) const {
    if (what.operation < kOpAccept || what.operation > kOpTimeout) return kInvalid;
    if (what.operation == kOpTimeout) return what.length < 0 ? kInvalid : 0;
    if (Find(what.token) == kNone) return kBadFd;
    if (!Writes(what)) return 0;
    if (!IsBuffer(what.buffer)) return kInvalid;
    const auto room = static_cast<int64_t>(size_.buffer_size);
    if (what.offset < 0 || what.length < 0 || int64_t{what.offset} + what.length > room) return kInvalid;
    const bool fits = what.address_length >= 0 && what.address_length <= static_cast<int32_t>(kAddressRoom);
    return fits ? 0 : kInvalid;
  }

  void Cancel(const Submission& what) {
    const int index = Find(what.token);
    if (index == kNone) return;
    if ((what.flags & kCancelReading) != 0) EndReading(index, kCanceled);
    if ((what.flags & kCancelWriting) != 0) EndWriting(index, kCanceled);
    WatchOrEnd(index, 0);
  }

  void StartReading(int index, int operation) {
    if (places_[index].reading != kNone) return Finish(operation, kBusy);
    places_[index].reading = operation;
    WatchOrEnd(index, 0);
  }

  void StartWriting(int index, int operation) {
    Append(&places_[index].writing, operation);
    if (places_[index].writing.first != operation) return;
    Write(index);
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  // The reading operation of a place is over; it has left no buffer.
  void EndOfReading(int index, int32_t result) {
    const int operation = places_[index].reading;
    places_[index].reading = kNone;
    Finish(operation, result);
  }

  // The reading operation of a place has got something.
  void Got(int index, int32_t result, int32_t buffer, uint32_t address_length) {
    Place& place = places_[index];
    Underway& operation = operations_[place.reading];
    const bool more = (operation.what.flags & kMultishot) != 0;
    Row(operation.what, result, buffer, more ? kMore : 0, address_length);
    if (more) return;
    operation.next = free_operation_;
    free_operation_ = place.reading;
    place.reading = kNone;
  }

  // Needs room for a row. Returns whether there may be more to read.
  bool ReadOnce(int index) {
    Place& place = places_[index];
    const Submission what = operations_[place.reading].what;
    if (what.operation == kOpAccept) {
      uint8_t address[kAddressRoom];
      uint32_t length = sizeof(address);
      const int result = Accept(place.fd, address, &length, kOnce);
      if (result >= 0)
        Got(index, result, kNone, 0);
      else if (!MustWait(result))
        EndOfReading(index, result);
      return result >= 0;
    }
    const int32_t buffer = TakeBuffer();
    if (buffer == kNone) {
      place.starved = true;
      starved_.push_back(what.token);
      return false;
    }
    const bool from = what.operation == kOpReceiveFrom;
    uint32_t length = kAddressRoom;
    const int64_t result =
        from ? RecvFrom(place.fd, BytesOf(buffer), size_.buffer_size, 0, AddressOf(buffer), &length, kOnce)
             : Recv(place.fd, BytesOf(buffer), size_.buffer_size, 0, kOnce);
    if (result > 0 || (result == 0 && from)) {
      Got(index, static_cast<int32_t>(result), buffer, from ? length : 0);
      return from;
    }
    GiveBack(buffer);
    if (!MustWait(result)) EndOfReading(index, static_cast<int32_t>(result));
    return false;
  }

  void Read(int index) {
    const int times = operations_[places_[index].reading].what.operation == kOpReceive ? 1 : kRepetitions;
    for (int i = 0; i < times && places_[index].reading != kNone && count_ < room_; ++i) {
      if (!ReadOnce(index)) return;
    }
  }

  // Buffers may have been given back: whatever waits for one is watched again.
  void FeedStarved() {
    if (memory_.header->free <= 0) return;
    feeding_.swap(starved_);
    for (const int32_t token : feeding_) {
      const int index = Find(token);
      if (index == kNone || !places_[index].starved) continue;
      places_[index].starved = false;
      WatchOrEnd(index, 0);
    }
    feeding_.clear();
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  // Carries out what is to be written, in its order, until it would have to wait.
  void Write(int index) {
    while (places_[index].fd != kNoFd && places_[index].writing.first != kNone) {
      const int operation = places_[index].writing.first;
      int32_t result = 0;
      if (!WriteOnce(places_[index].fd, &operations_[operation], &result)) break;
      Pop(&places_[index].writing);
      const bool closes = operations_[operation].what.operation == kOpClose;
      const int32_t token = operations_[operation].what.token;
      Finish(operation, result);
      if (closes) Remove(token, kCanceled);
    }
    if (places_[index].fd != kNoFd) WatchOrEnd(index, 0);
  }

  // Returns whether the operation is over, and then its result.
  bool WriteOnce(Fd fd, Underway* operation, int32_t* result) {
    const Submission& what = operation->what;
    int64_t done = 0;
    switch (what.operation) {
      case kOpSend:
        done = Send(fd, BytesOf(what.buffer) + what.offset + operation->done, what.length - operation->done, 0, kOnce);
        if (done >= 0) {
          operation->done += static_cast<int32_t>(done);
          if (operation->done < what.length) return false;
          done = what.length;
        }
        break;
      case kOpSendTo:
        done = SendTo(fd, BytesOf(what.buffer) + what.offset, what.length, 0, AddressOf(what.buffer),
                      static_cast<uint32_t>(what.address_length), kOnce);
        break;
      case kOpConnect:
        return ConnectOnce(fd, operation, result);
      case kOpShutdown:
        done = Shutdown(fd, what.length);
        break;
      default:  // kOpClose: Write removes the token
        break;
    }
    if (MustWait(done)) return false;
    *result = static_cast<int32_t>(done);
    return true;
  }

  bool ConnectOnce(Fd fd, Underway* operation, int32_t* result) {
    const Submission& what = operation->what;
    if (operation->done == 0) {
      *result = Connect(fd, AddressOf(what.buffer), static_cast<uint32_t>(what.address_length), kOnce);
      if (*result != kInProgress && *result != -EINTR) return true;
      operation->done = 1;
      return false;
    }
    PollEntry entry = {fd, POLLOUT, 0};
    if (Poll(&entry, 1, 0) <= 0) return false;
    int error = 0;
    uint32_t length = sizeof(error);
    const int asked = GetSockOpt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    *result = asked < 0 ? asked : -error;
    return true;
  }

  // ---- time-outs: a heap of operations ------------------------------------------------------------------------------

  bool Later(int a, int b) const { return operations_[a].due_ms > operations_[b].due_ms; }

  void StartTimeout(int operation) {
    // The clock is rounded down: a time-out is never early.
    operations_[operation].due_ms = NowMs() + 1 + operations_[operation].what.length;
    timers_.push_back(operation);
    std::push_heap(timers_.begin(), timers_.end(), [this](int a, int b) { return Later(a, b); });
  }

  void RemoveTimeouts(int32_t user) {
    const auto keeps = [=](int operation) { return operations_[operation].what.user != user; };
    const auto removed = std::stable_partition(timers_.begin(), timers_.end(), keeps);
    std::for_each(removed, timers_.end(), [this](int operation) { Finish(operation, kCanceled); });
    timers_.erase(removed, timers_.end());
    std::make_heap(timers_.begin(), timers_.end(), [this](int a, int b) { return Later(a, b); });
  }

  void Expire() {
    if (timers_.empty()) return;
    const int64_t now = NowMs();
    while (!timers_.empty() && operations_[timers_.front()].due_ms <= now) {
      std::pop_heap(timers_.begin(), timers_.end(), [this](int a, int b) { return Later(a, b); });
      const int operation = timers_.back();
      timers_.pop_back();
      Finish(operation, kTimeExpired);
    }
  }

  // Returns timeout_ms, or less if a time-out is due before.
  int UntilTimeout(int timeout_ms) const {
    if (timers_.empty()) return timeout_ms;
    const int64_t left = operations_[timers_.front()].due_ms - NowMs();
    return static_cast<int>(std::min<int64_t>(std::max<int64_t>(left, 0), timeout_ms));
  }

  // ---- waiting -----------------------------------------------------------------------------------------------------

  // Serves all that is ready. Returns 0 or a negative code of the sleep.
  int Look(int timeout_ms) {
    const int ready = poller_->WaitFor(events_, kEvents, timeout_ms);
    for (int i = 0; i < ready && count_ < room_; ++i) {
      const auto found = index_of_.find(events_[i].fd);
      // An operation before it in this turn has removed the token.
      if (found != index_of_.end()) Serve(found->second, events_[i].events);
    }
    return std::min(ready, 0);
  }

  void Serve(int index, uint32_t events) {
    const uint32_t reads = events & ~POLLOUT;
    uint32_t idle = 0;
    if (reads != 0) {
      if (places_[index].reading != kNone)
        Read(index);
      else
        idle = POLLIN;
    }
    if (events != POLLIN && places_[index].writing.first != kNone) return Write(index);
    WatchOrEnd(index, idle);
  }

  const ProactorSize size_;
  const size_t stride_ = size_.Stride();
  const std::unique_ptr<Poller> poller_;
  Memory memory_ = {};
  int count_ = 0;  // of the rows of completions in this turn
  int room_ = 0;   // for them; 0 where there is none, because it is no turn

  std::vector<Place> places_;
  std::vector<Underway> operations_;
  std::unordered_map<Fd, int> index_of_;
  int free_place_ = kNone;
  int free_operation_ = kNone;
  List finished_;                 // what is over and has no row yet
  std::vector<int32_t> starved_;  // tokens
  std::vector<int32_t> feeding_;
  std::vector<int> timers_;
  PollerEvent events_[kEvents];
};

}  // namespace

std::unique_ptr<Proactor> CreateProactor(const ProactorSize& size, int* error) {
  auto poller = CreatePoller(error);
  if (poller == nullptr) return nullptr;
  return std::make_unique<PollerProactor>(size, std::move(poller));
}

}  // namespace berkeley::os
