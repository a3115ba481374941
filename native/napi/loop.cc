// The bindings for readiness in Node's event loop. Each environment has one poller.
#include <algorithm>
#include <memory>
#include <optional>

#include "args.h"
#include "os/os.h"
#include "os/poller.h"
#include "owners.h"
#include "pack.h"
#include "watch.h"

namespace berkeley::napi {

namespace {

// JavaScript reads events in place.
static_assert(sizeof(os::PollerEvent) == 8 && offsetof(os::PollerEvent, events) == 4);

// Delivery is what JavaScript is called with: the function, the Int32Array of pairs (fd, events) that the function
// reads, and a resource of its own for async_hooks.
struct Delivery {
  Delivery(Napi::Env env, napi_value deliver, napi_value events)
      : deliver(Napi::Persistent(Napi::Function(env, deliver))),
        events(Napi::Persistent(Napi::Object(env, events))),
        resource(Napi::Persistent(Napi::Object::New(env))) {
    // Bun and Deno have none to be given, and Deno ends the process when one is destroyed at the environment's end.
    if (Libuv(env) != nullptr) context.emplace(env, "berkeley.loop", resource.Value());
  }

  napi_async_context Context() const { return context ? static_cast<napi_async_context>(*context) : nullptr; }

  Napi::FunctionReference deliver;
  Napi::ObjectReference events;
  Napi::ObjectReference resource;
  std::optional<Napi::AsyncContext> context;
};

}  // namespace

// Lives from loopStart until Node's loop has let go of the watch, which is after the environment's end has begun.
struct Loop {
  napi_env env;
  std::unique_ptr<os::Poller> poller;
  std::unique_ptr<Watch> watch;      // goes before the poller
  std::optional<Delivery> delivery;  // until the environment ends
  napi_async_cleanup_hook_handle hook = nullptr;
};

namespace {

// One call into JavaScript for all that is ready. What exceeds the array is reported in the loop's next turn.
void Deliver(Loop* loop) {
  const napi_env env = loop->env;
  const Delivery& delivery = *loop->delivery;
  int32_t* events = nullptr;
  size_t room = 0;
  if (!GetInts(env, delivery.events.Value(), &events, &room) || room < 2) return;
  const int capacity = static_cast<int>(std::min<size_t>(room / 2, INT32_MAX));
  const int count = loop->poller->Wait(reinterpret_cast<os::PollerEvent*>(events), capacity);
  if (count <= 0) return;
  napi_value argument = Number(env, count);
  napi_value result = nullptr;
  napi_make_callback(env, delivery.Context(), delivery.resource.Value(), delivery.deliver.Value(), 1, &argument,
                     &result);
  if (!Napi::Env(env).IsExceptionPending()) return;
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

void OnReady(void* data) {
  auto* loop = static_cast<Loop*>(data);
  const Napi::HandleScope scope(loop->env);
  Deliver(loop);
}

void OnClosed(void* data) {
  const std::unique_ptr<Loop> loop(static_cast<Loop*>(data));
  if (loop->hook != nullptr) napi_remove_async_cleanup_hook(loop->hook);
}

// The environment ends: its loop runs on until the watch is closed.
void OnEnd(napi_async_cleanup_hook_handle, void* data) {
  auto* loop = static_cast<Loop*>(data);
  const Napi::HandleScope scope(loop->env);
  loop->delivery.reset();
  loop->watch->Close(OnClosed);
}

// Starts the loop's poller, once per environment. Returns 0 or a negative code.
int Start(napi_env env, State& state, napi_value deliver, napi_value events) {
  if (state.loop != nullptr) return os::kInvalid;
  auto loop = std::make_unique<Loop>();
  loop->env = env;
  int error = 0;
  loop->poller = os::CreatePoller(&error);
  if (loop->poller == nullptr) return error;
  // The descriptor is new to the process and belongs to this loop alone: what was claimed of its number is outdated.
  if (loop->poller->Descriptor() >= 0) Forget(loop->poller->Descriptor());
  loop->delivery.emplace(env, deliver, events);
  loop->watch = StartWatch(env, loop->poller.get(), OnReady, loop.get(), &error);
  // Without the hook nobody would close the watch.
  if (error == 0 && napi_add_async_cleanup_hook(env, OnEnd, loop.get(), &loop->hook) != napi_ok) error = os::kNoMemory;
  if (error == 0) {
    state.loop = loop.release();
    return 0;
  }
  if (loop->watch != nullptr) {
    Watch* watch = loop->watch.get();
    loop.release();  // OnClosed frees it
    watch->Close(OnClosed);
  }
  return error;
}

napi_value LoopStart(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  args.RequireFunction(0);
  int32_t* events = nullptr;
  size_t count = 0;
  if (!GetInts(env, args.value(1), &events, &count)) args.FailType(1, "an Int32Array");
  if (args.Failed()) return nullptr;
  return Number(env, Start(env, args.state(), args.value(0), args.value(1)));
}

// Sets whether what is watched keeps the process alive.
napi_value LoopRef(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const bool wanted = args.Flag(0);
  if (args.Failed()) return nullptr;
  if (args.state().loop == nullptr) return Number(env, os::kInvalid);
  args.state().loop->watch->Ref(wanted);
  return Number(env, 0);
}

// Binds EpollAdd or EpollModify.
template <int (os::Poller::*kCall)(os::Fd, uint32_t)>
napi_value Register(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const int fd = args.Int(0);
  const uint32_t events = args.Bits(1);
  if (args.Failed()) return nullptr;
  if (args.state().loop == nullptr) return Number(env, os::kInvalid);
  return Number(env, (args.state().loop->poller.get()->*kCall)(fd, events));
}

napi_value LoopRemove(napi_env env, napi_callback_info info) {
  Args<1> args(env, info);
  const int fd = args.Int(0);
  if (args.Failed()) return nullptr;
  if (args.state().loop == nullptr) return Number(env, os::kInvalid);
  return Number(env, args.state().loop->poller->Remove(fd));
}

napi_value LoopBackend(napi_env env, napi_callback_info) { return Text(env, os::PollerName()); }

constexpr Binding kRows[] = {
    {"loopStart", LoopStart},
    {"loopRef", LoopRef},
    {"loopAdd", Register<&os::Poller::Add>},
    {"loopModify", Register<&os::Poller::Modify>},
    {"loopRemove", LoopRemove},
    {"loopBackend", LoopBackend},
};

}  // namespace

const BindingList kLoopBindings = ListOf(kRows);

}  // namespace berkeley::napi
