// The bindings that send and receive.
#include <algorithm>

#include "args.h"
#include "os/os.h"
#include "system/sleep.h"

namespace berkeley::napi {

namespace {

// Packs how much a receive got. info[3] says whether the binary's own signal has made it less.
napi_value Received(const ArgReader& args, int64_t result, size_t length, int wait) {
  const bool shorter = wait == os::kSleep && result > 0 && static_cast<size_t>(result) < length;
  args.state().info[3] = shorter && system_calls::SleepEnded() >= 0;
  return Number(args.env(), result);
}

napi_value Recv(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  const int fd = args.Int(0);
  const Bytes bytes = args.Part(1, 2, 3);
  const int flags = args.Int(4), wait = args.Wait(5);
  if (args.Failed()) return nullptr;
  return Received(args, os::Recv(fd, bytes.data, bytes.size, flags, wait), bytes.size, wait);
}

napi_value RecvScratch(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int fd = args.Int(0);
  const auto length = static_cast<size_t>(args.Count(1, kScratchSize));
  const int flags = args.Int(2), wait = args.Wait(3);
  if (args.Failed()) return nullptr;
  return Received(args, os::Recv(fd, args.state().scratch, length, flags, wait), length, wait);
}

napi_value Send(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  const int fd = args.Int(0);
  const Bytes bytes = args.Part(1, 2, 3);
  const int flags = args.Int(4), wait = args.Wait(5);
  if (args.Failed()) return nullptr;
  return Number(env, os::Send(fd, bytes.data, bytes.size, flags, wait));
}

// The sender's address and its size, cut to the room there is, go to the environment's own memory.
napi_value ReceiveFrom(const ArgReader& args, int fd, Bytes bytes, int flags, int wait) {
  State& state = args.state();
  uint32_t length = kAddressSize;
  const int64_t result = os::RecvFrom(fd, bytes.data, bytes.size, flags, state.address, &length, wait);
  state.info[0] = static_cast<int32_t>(std::min<uint32_t>(length, kAddressSize));
  return Received(args, result, bytes.size, wait);
}

napi_value RecvFrom(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  const int fd = args.Int(0);
  const Bytes bytes = args.Part(1, 2, 3);
  const int flags = args.Int(4), wait = args.Wait(5);
  if (args.Failed()) return nullptr;
  return ReceiveFrom(args, fd, bytes, flags, wait);
}

napi_value RecvFromScratch(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const int fd = args.Int(0);
  const auto length = static_cast<size_t>(args.Count(1, kScratchSize));
  const int flags = args.Int(2), wait = args.Wait(3);
  if (args.Failed()) return nullptr;
  return ReceiveFrom(args, fd, {args.state().scratch, length}, flags, wait);
}

napi_value SendTo(napi_env env, napi_callback_info info) {
  Args<8> args(env, info);
  const int fd = args.Int(0);
  const Bytes bytes = args.Part(1, 2, 3);
  const int flags = args.Int(4);
  const Bytes address = args.Head(5, 6);
  const int wait = args.Wait(7);
  if (args.Failed()) return nullptr;
  const auto address_length = static_cast<uint32_t>(address.size);
  return Number(env, os::SendTo(fd, bytes.data, bytes.size, flags, address.data, address_length, wait));
}

// Makes the system's scatter-gather list of the views in an array.
class Parts {
 public:
  // Returns false if there are more views than one call can take.
  bool Read(ArgReader* args, size_t index) {
    const napi_env env = args->env();
    uint32_t count = 0;
    if (napi_get_array_length(env, args->value(index), &count) != napi_ok) args->FailType(index, "an array");
    if (count > os::kMaxParts) return false;
    // First all items, then all their memory: an item may come out of a getter, which could move the memory of the
    // items before it.
    napi_value items[os::kMaxParts];
    for (uint32_t i = 0; i < count; ++i) {
      const napi_status status = napi_get_element(env, args->value(index), i, &items[i]);
      if (status != napi_ok) return args->FailType(index, "readable"), true;
    }
    for (; count_ < count; ++count_) {
      Bytes bytes;
      if (!GetBytes(env, items[count_], &bytes)) return args->FailType(index, "an array of Uint8Array"), true;
      parts_[count_] = os::MakeIoVec(bytes.data, bytes.size);
    }
    return true;
  }
  os::IoVec* data() { return parts_; }
  size_t count() const { return count_; }

 private:
  os::IoVec parts_[os::kMaxParts];
  size_t count_ = 0;
};

napi_value RecvMsg(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const int fd = args.Int(0);
  Parts parts;
  const bool fits = parts.Read(&args, 1);
  const Bytes control = args.View(2);
  const int flags = args.Int(3), wait = args.Wait(4);
  if (args.Failed()) return nullptr;
  if (!fits) return Number(env, os::kTooManyParts);
  State& state = args.state();
  os::Message message;
  message.parts = parts.data();
  message.part_count = parts.count();
  message.address = state.address;
  message.address_length = kAddressSize;
  message.control = control.data;
  message.control_length = control.size;
  const int64_t result = os::RecvMsg(fd, &message, flags, wait);
  state.info[0] = static_cast<int32_t>(std::min<size_t>(message.address_length, kAddressSize));
  state.info[1] = static_cast<int32_t>(message.control_length);
  state.info[2] = message.flags;
  return Number(env, result);
}

napi_value SendMsg(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  const int fd = args.Int(0);
  Parts parts;
  const bool fits = parts.Read(&args, 1);
  const Bytes control = args.View(2);
  const int flags = args.Int(3);
  const Bytes address = args.IsNull(4) ? Bytes() : args.Head(4, 5);
  const int wait = args.Wait(6);
  if (args.Failed()) return nullptr;
  if (!fits) return Number(env, os::kTooManyParts);
  os::Message message;
  message.parts = parts.data();
  message.part_count = parts.count();
  message.address = address.data;
  message.address_length = static_cast<uint32_t>(address.size);
  message.control = control.data;
  message.control_length = control.size;
  return Number(env, os::SendMsg(fd, message, flags, wait));
}

napi_value SendFile(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const int fd = args.Int(0), file = args.Int(1);
  const int64_t offset = args.Offset(2), count = args.Offset(3);
  const int wait = args.Wait(4);
  if (args.Failed()) return nullptr;
  return Number(env, os::SendFile(fd, file, offset, static_cast<size_t>(count), wait));
}

constexpr Binding kRows[] = {
    {"recv", Recv},
    {"recvScratch", RecvScratch},
    {"send", Send},
    {"recvfrom", RecvFrom},
    {"recvfromScratch", RecvFromScratch},
    {"sendto", SendTo},
    {"recvmsg", RecvMsg},
    {"sendmsg", SendMsg},
    {"sendfile", SendFile},
};

}  // namespace

const BindingList kDataBindings = ListOf(kRows);

}  // namespace berkeley::napi
