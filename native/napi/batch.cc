// The bindings that receive or send many messages in one call.
#include "args.h"
#include "os/os.h"

namespace berkeley::napi {

namespace {

// Sizes and flags share one Int32Array: it holds an array for each kind, of `count` elements each.
constexpr size_t kKinds = 4;

// Divides the memory at `index` into a room for each of `count` messages. All rooms have one size and lie within the
// memory, whatever its size is.
uint8_t* Rooms(ArgReader* args, size_t index, size_t count, size_t* room) {
  const Bytes bytes = args->View(index);
  if (count != 0) *room = bytes.size / count;
  return bytes.data;
}

// fd, bytes, addresses, control, headers, start, end, flags, one_by_one, wait
template <int (*kCall)(os::Fd, const os::Batch&, size_t, size_t, int, bool, int)>
napi_value Transfer(napi_env env, napi_callback_info info) {
  Args<10> args(env, info);
  const int fd = args.Int(0);
  int32_t* headers = nullptr;
  size_t header_count = 0;
  if (!GetInts(env, args.value(4), &headers, &header_count)) args.FailType(4, "an Int32Array");
  const size_t count = args.Failed() ? 0 : header_count / kKinds;
  if (count == 0 || count > os::kMaxBatch) args.FailRange(4, "has no room, or too much");
  os::Batch batch;
  batch.bytes = Rooms(&args, 1, count, &batch.room);
  batch.addresses = Rooms(&args, 2, count, &batch.address_room);
  batch.control = Rooms(&args, 3, count, &batch.control_room);
  batch.lengths = headers;
  batch.address_lengths = headers + count;
  batch.control_lengths = headers + 2 * count;
  batch.flags = headers + 3 * count;
  const auto end = static_cast<size_t>(args.Count(6, static_cast<int64_t>(count)));
  const auto start = static_cast<size_t>(args.Count(5, static_cast<int64_t>(end)));
  const int flags = args.Int(7);
  const bool one_by_one = args.Flag(8);
  const int wait = args.Wait(9);
  if (args.Failed()) return nullptr;
  return Number(env, start == end ? 0 : kCall(fd, batch, start, end, flags, one_by_one, wait));
}

constexpr Binding kRows[] = {
    {"recvmmsg", Transfer<os::RecvBatch>},
    {"sendmmsg", Transfer<os::SendBatch>},
};

}  // namespace

const BindingList kBatchBindings = ListOf(kRows);

}  // namespace berkeley::napi
