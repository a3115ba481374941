// Readiness in Node's event loop: one poller per environment, which libuv watches as a single descriptor, and awaited
// name resolution. No thread but libuv's own pool for the latter.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <uv.h>

#include "args.h"
#include "names.h"
#include "os/os.h"
#include "os/poller.h"
#include "owners.h"

namespace berkeley::napi {

// Lives from loopStart until libuv has let go of its watcher, which is after the environment's end has begun.
struct Loop {
  napi_env env;
  os::Poller poller;
  uv_poll_t watcher;
  napi_ref deliver = nullptr;  // the JavaScript function, and the Int32Array of pairs fd, events that it reads
  napi_ref events = nullptr;
  napi_ref resource = nullptr;
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
};

namespace {

napi_value Referred(napi_env env, napi_ref reference) {
  napi_value value = nullptr;
  napi_get_reference_value(env, reference, &value);
  return value;
}

// One call into JavaScript for all that is ready. What exceeds the array is reported in the loop's next turn.
void Deliver(Loop* loop) {
  const napi_env env = loop->env;
  int32_t* events = nullptr;
  size_t room = 0;
  if (!GetInts(env, Referred(env, loop->events), &events, &room) || room < 2) return;
  const int capacity = static_cast<int>(std::min<size_t>(room / 2, INT32_MAX));
  const int count = os::PollerWait(loop->poller, reinterpret_cast<os::PollerEvent*>(events), capacity, 0);
  if (count <= 0) return;
  napi_value argument = Number(env, count);
  napi_value result = nullptr;
  const napi_value resource = Referred(env, loop->resource);
  napi_make_callback(env, loop->context, resource, Referred(env, loop->deliver), 1, &argument, &result);
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) return;
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

void OnReady(uv_poll_t* watcher, int, int) {
  auto* loop = static_cast<Loop*>(watcher->data);
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(loop->env, &scope) != napi_ok) return;
  Deliver(loop);
  napi_close_handle_scope(loop->env, scope);
}

void Release(Loop* loop) {
  for (const napi_ref reference : {loop->deliver, loop->events, loop->resource}) {
    if (reference != nullptr) napi_delete_reference(loop->env, reference);
  }
  if (loop->context != nullptr) napi_async_destroy(loop->env, loop->context);
}

void OnClosed(uv_handle_t* watcher) {
  const std::unique_ptr<Loop> loop(static_cast<Loop*>(watcher->data));
  os::Close(loop->poller);
  napi_remove_async_cleanup_hook(loop->hook);
}

// The environment ends: libuv's loop runs on until the watcher is closed.
void OnEnd(napi_async_cleanup_hook_handle, void* data) {
  auto* loop = static_cast<Loop*>(data);
  Release(loop);
  uv_close(reinterpret_cast<uv_handle_t*>(&loop->watcher), OnClosed);
}

// What JavaScript is called with: the function, its array, and a resource of its own for async_hooks.
bool Refer(Loop* loop, napi_value deliver, napi_value events) {
  const napi_env env = loop->env;
  napi_value resource = nullptr;
  napi_value name = Text(env, "berkeley.loop");
  return napi_create_object(env, &resource) == napi_ok &&
         napi_create_reference(env, deliver, 1, &loop->deliver) == napi_ok &&
         napi_create_reference(env, events, 1, &loop->events) == napi_ok &&
         napi_create_reference(env, resource, 1, &loop->resource) == napi_ok &&
         napi_async_init(env, resource, name, &loop->context) == napi_ok;
}

// The poller's descriptor, or a negative code. Once per environment.
int Start(napi_env env, State& state, napi_value deliver, napi_value events) {
  uv_loop_t* uv = nullptr;
  if (state.loop != nullptr || napi_get_uv_event_loop(env, &uv) != napi_ok) return -EALREADY;
  auto loop = std::make_unique<Loop>();
  loop->env = env;
  loop->poller = New(os::PollerCreate());
  if (loop->poller < 0) return loop->poller;
  if (!Refer(loop.get(), deliver, events) || uv_poll_init(uv, &loop->watcher, loop->poller) != 0) {
    Release(loop.get());
    os::Close(loop->poller);
    return -ENOMEM;
  }
  loop->watcher.data = loop.get();
  uv_poll_start(&loop->watcher, UV_READABLE, OnReady);
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->watcher));
  napi_add_async_cleanup_hook(env, OnEnd, loop.get(), &loop->hook);
  state.loop = loop.release();
  return state.loop->poller;
}

void RequireFunction(ArgReader* args, size_t index) {
  napi_valuetype type = napi_undefined;
  napi_typeof(args->env(), args->value(index), &type);
  if (type != napi_function) args->FailType(index, "a function");
}

napi_value LoopStart(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  RequireFunction(&args, 0);
  int32_t* events = nullptr;
  size_t count = 0;
  if (!GetInts(env, args.value(1), &events, &count)) args.FailType(1, "an Int32Array");
  if (args.Failed()) return nullptr;
  return Number(env, Start(env, args.state(), args.value(0), args.value(1)));
}

// Whether the watcher keeps the process alive.
napi_value LoopRef(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const bool wanted = args.Flag(0);
  if (args.Failed()) return nullptr;
  if (args.state().loop == nullptr) return Number(env, -EINVAL);
  auto* handle = reinterpret_cast<uv_handle_t*>(&args.state().loop->watcher);
  if (wanted) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
  return Number(env, 0);
}

// ---- name resolution ------------------------------------------------------------------------------------------------

// One question on its way through libuv's pool. `Ask` runs there and knows no Node-API. (A function that is called, and
// no promise: one that is pending when the environment ends could not be freed.)
template <typename Answer>
struct Question {
  napi_async_work work = nullptr;
  napi_ref answered = nullptr;
  int code = 0;
  Answer answer;
};

template <typename Answer>
void Execute(napi_env, void* data) {
  auto* question = static_cast<Question<Answer>*>(data);
  question->code = question->answer.Ask();
}

template <typename Answer>
void Complete(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Question<Answer>> question(static_cast<Question<Answer>*>(data));
  const napi_value answered = Referred(env, question->answered);
  napi_delete_reference(env, question->answered);
  napi_delete_async_work(env, question->work);
  if (status != napi_ok) return;  // the environment ends, and nobody is left to hear it
  napi_value result = question->code < 0 ? Number(env, question->code) : question->answer.Pack(env);
  napi_value nobody = nullptr;
  napi_get_undefined(env, &nobody);
  napi_call_function(env, nobody, answered, 1, &result, nullptr);
}

// Asks, and calls `answered` with the answer or a negative code. 0, or a negative code if it could not be asked.
template <typename Answer>
napi_value Ask(napi_env env, Answer answer, napi_value answered) {
  auto question = std::make_unique<Question<Answer>>();
  question->answer = std::move(answer);
  if (napi_create_reference(env, answered, 1, &question->answered) != napi_ok) return Number(env, -ENOMEM);
  const napi_status status = napi_create_async_work(env, nullptr, Text(env, "berkeley.resolve"), Execute<Answer>,
                                                    Complete<Answer>, question.get(), &question->work);
  if (status == napi_ok && napi_queue_async_work(env, question->work) == napi_ok) {
    question.release();
    return Number(env, 0);
  }
  if (question->work != nullptr) napi_delete_async_work(env, question->work);
  napi_delete_reference(env, question->answered);
  return Number(env, -ENOMEM);
}

struct AddressesOf {
  std::optional<std::string> host, service;
  int family, type, protocol, flags;
  std::vector<os::AddressInfo> found;

  int Ask() { return os::GetAddrInfo(OrNull(host), OrNull(service), family, type, protocol, flags, &found); }
  napi_value Pack(napi_env env) const { return PackAddressInfos(env, found); }
};

napi_value ResolveAddress(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  AddressesOf question = {
      args.ByteTextOrNull(0), args.ByteTextOrNull(1), args.Int(2), args.Int(3), args.Int(4), args.Int(5), {}};
  RequireFunction(&args, 6);
  if (args.Failed()) return nullptr;
  return Ask(env, std::move(question), args.value(6));
}

struct NamesOf {
  std::vector<uint8_t> address;
  int flags;
  std::string host, service;

  int Ask() { return os::GetNameInfo(address.data(), static_cast<uint32_t>(address.size()), flags, &host, &service); }
  napi_value Pack(napi_env env) const { return PackNames(env, host, service); }
};

napi_value ResolveName(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  const Bytes address = args.Head(0, 1);
  const int flags = args.Int(2);
  RequireFunction(&args, 3);
  if (args.Failed()) return nullptr;
  return Ask(env, NamesOf{{address.data, address.data + address.size}, flags, {}, {}}, args.value(3));
}

constexpr Binding kRows[] = {
    {"loopStart", LoopStart},
    {"loopRef", LoopRef},
    {"resolveAddress", ResolveAddress},
    {"resolveName", ResolveName},
};

}  // namespace

const BindingList kLoopBindings = ListOf(kRows);

}  // namespace berkeley::napi
