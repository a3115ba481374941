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

  int Start(napi_env env) {
    const int prepared = poller_->PreparePark();
    if (prepared < 0) return prepared;
    env_ = env;
    napi_value name = nullptr;
    napi_create_string_utf8(env, "berkeley.loop", NAPI_AUTO_LENGTH, &name);
    const napi_status made =
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, this, OnClosed, this, OnReady, &function_);
    if (made != napi_ok) return os::kNoMemory;
    Ref(false);
    thread_ = system_calls::StartThread(Run, this);
    started_ = thread_ != nullptr ? 0 : os::kNoMemory;
    return 0;
  }
  // The thread-safe function is there and has to be closed even if no thread could be started.
  int started() const { return started_; }

  void Ref(bool wanted) override {
    (wanted ? napi_ref_threadsafe_function : napi_unref_threadsafe_function)(env_, function_);
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
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
  }

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
      napi_call_threadsafe_function(watch->function_, nullptr, napi_tsfn_nonblocking);
      watch->looked_.wait(lock, [watch] { return !watch->told_ || watch->ending_; });
    }
  }
  // `env` is null where the environment ends, and JavaScript cannot be called any more.
  static void OnReady(napi_env env, napi_value, void* context, void*) {
    auto* watch = static_cast<ThreadWatch*>(context);
    if (env != nullptr) watch->ready_(watch->data_);
    {
      const std::lock_guard<std::mutex> lock(watch->mutex_);
      watch->told_ = false;
    }
    watch->looked_.notify_one();
  }
  static void OnClosed(napi_env, void* data, void*) {
    auto* watch = static_cast<ThreadWatch*>(data);
    if (watch->closed_ != nullptr) watch->closed_(watch->data_);
  }

  os::Poller* const poller_;
  const Call ready_;
  void* const data_;
  napi_env env_ = nullptr;
  napi_threadsafe_function function_ = nullptr;
  std::unique_ptr<system_calls::Thread> thread_;
  int started_ = 0;
  Call closed_ = nullptr;
  std::mutex mutex_;  // guards what follows
  std::condition_variable looked_;
  bool told_ = false;  // the loop is to look
  bool ending_ = false;
};

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
  auto watch = std::make_unique<ThreadWatch>(poller, ready, data);
  *error = watch->Start(env);
  if (*error < 0) return nullptr;
  *error = watch->started();
  return watch;
}

}  // namespace berkeley::napi
