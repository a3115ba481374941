#include "watch.h"

#include <condition_variable>
#include <mutex>

#include "system/thread.h"

namespace berkeley::napi {

namespace {

class DescriptorWatch : public Watch {
 public:
  DescriptorWatch(Call ready, void* data) : ready_(ready), data_(data) {}

  int Start(uv_loop_t* loop, os::Fd poller) {
    const int initialized = uv_poll_init(loop, &handle_, poller);
    if (initialized < 0) return initialized;
    handle_.data = this;
    started_ = uv_poll_start(&handle_, UV_READABLE, OnReady);
    Ref(false);
    return 0;
  }
  // uv_poll_start's result. The handle is initialized and has to be closed even if uv_poll_start failed.
  int started() const { return started_; }

  void Ref(bool wanted) override { (wanted ? uv_ref : uv_unref)(reinterpret_cast<uv_handle_t*>(&handle_)); }
  void Close(Call closed) override {
    closed_ = closed;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_), OnClosed);
  }

 private:
  static void OnReady(uv_poll_t* handle, int, int) {
    auto* watch = static_cast<DescriptorWatch*>(handle->data);
    watch->ready_(watch->data_);
  }
  static void OnClosed(uv_handle_t* handle) {
    auto* watch = static_cast<DescriptorWatch*>(handle->data);
    watch->closed_(watch->data_);
  }

  const Call ready_;
  void* const data_;
  Call closed_ = nullptr;
  int started_ = 0;
  uv_poll_t handle_;
};

// A thread sleeps in the poller, tells the loop, and sleeps again when the loop has looked.
class ThreadWatch : public Watch {
 public:
  ThreadWatch(os::Poller* poller, Call ready, void* data) : poller_(poller), ready_(ready), data_(data) {}

  // 0, or a negative code: what else was started has to be closed nevertheless.
  int StartThread() {
    int result = poller_->PreparePark();
    if (result < 0) return result;
    thread_ = system_calls::StartThread(Run, this);
    return thread_ != nullptr ? 0 : os::kNoMemory;
  }

  void Close(Call closed) override {
    closed_ = closed;
    if (thread_ != nullptr) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        ending_ = true;
      }
      poller_->Wake();
      looked_.notify_one();
      thread_->Join();
    }
    CloseCaller();
  }

 protected:
  // Has the loop call Look, from whatever thread.
  virtual void CallLoop() = 0;
  // Ends that; the loop then calls Closed.
  virtual void CloseCaller() = 0;

  void Look() {
    ready_(data_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      told_ = false;
    }
    looked_.notify_one();
  }
  // Destroys the watch.
  void Closed() { closed_(data_); }

 private:
  static void Run(void* data) {
    auto* watch = static_cast<ThreadWatch*>(data);
    std::unique_lock<std::mutex> lock(watch->mutex_);
    while (!watch->ending_) {
      lock.unlock();
      watch->poller_->Park(-1);
      lock.lock();
      if (watch->ending_) return;
      watch->told_ = true;
      watch->CallLoop();
      watch->looked_.wait(lock, [watch] { return !watch->told_ || watch->ending_; });
    }
  }

  os::Poller* const poller_;
  const Call ready_;
  void* const data_;
  std::unique_ptr<system_calls::Thread> thread_;
  Call closed_ = nullptr;
  std::mutex mutex_;  // guards what follows
  std::condition_variable looked_;
  bool told_ = false;  // the loop is to look
  bool ending_ = false;
};

// By libuv, which calls once in each turn of the loop.
class AsyncWatch : public ThreadWatch {
 public:
  using ThreadWatch::ThreadWatch;

  int Start(uv_loop_t* loop) {
    const int result = uv_async_init(loop, &async_, OnReady);
    if (result < 0) return result;
    async_.data = this;
    Ref(false);
    return 0;
  }
  void Ref(bool wanted) override { (wanted ? uv_ref : uv_unref)(reinterpret_cast<uv_handle_t*>(&async_)); }

 private:
  void CallLoop() override { uv_async_send(&async_); }
  void CloseCaller() override { uv_close(reinterpret_cast<uv_handle_t*>(&async_), OnClosed); }
  static void OnReady(uv_async_t* async) { static_cast<AsyncWatch*>(async->data)->Look(); }
  static void OnClosed(uv_handle_t* handle) { static_cast<AsyncWatch*>(handle->data)->Closed(); }

  uv_async_t async_;
};

// By a thread-safe function, where there is no libuv.
class FunctionWatch : public ThreadWatch {
 public:
  using ThreadWatch::ThreadWatch;

  int Start(napi_env env) {
    env_ = env;
    napi_value name = nullptr;
    napi_create_string_utf8(env, "berkeley.loop", NAPI_AUTO_LENGTH, &name);
    const napi_status made =
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, this, OnClosed, this, OnReady, &function_);
    if (made != napi_ok) return os::kNoMemory;
    Ref(false);
    return 0;
  }
  void Ref(bool wanted) override {
    (wanted ? napi_ref_threadsafe_function : napi_unref_threadsafe_function)(env_, function_);
  }

 private:
  void CallLoop() override { napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking); }
  void CloseCaller() override { napi_release_threadsafe_function(function_, napi_tsfn_abort); }
  // Without `env` the function has ended, and the watch with it.
  static void OnReady(napi_env env, napi_value, void* context, void*) {
    if (env != nullptr) static_cast<FunctionWatch*>(context)->Look();
  }
  static void OnClosed(napi_env, void* data, void*) { static_cast<FunctionWatch*>(data)->Closed(); }

  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
};

template <typename Kind, typename Place>
std::unique_ptr<Watch> StartThreadWatch(Place place, os::Poller* poller, Watch::Call ready, void* data, int* error) {
  auto watch = std::make_unique<Kind>(poller, ready, data);
  *error = watch->Start(place);
  if (*error < 0) return nullptr;
  *error = watch->StartThread();
  return watch;
}

}  // namespace

std::unique_ptr<Watch> StartWatch(napi_env env, os::Poller* poller, Watch::Call ready, void* data, int* error) {
  uv_loop_t* const loop = Libuv(env);
  if (loop != nullptr && poller->Descriptor() != os::kNoFd) {
    auto watch = std::make_unique<DescriptorWatch>(ready, data);
    *error = watch->Start(loop, poller->Descriptor());
    if (*error < 0) return nullptr;
    *error = watch->started();
    return watch;
  }
  if (loop != nullptr) return StartThreadWatch<AsyncWatch>(loop, poller, ready, data, error);
  return StartThreadWatch<FunctionWatch>(env, poller, ready, data, error);
}

}  // namespace berkeley::napi
