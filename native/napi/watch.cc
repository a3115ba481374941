#include "watch.h"

#include <atomic>

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

  int Start(uv_loop_t* loop) {
    int result = uv_sem_init(&looked_, 0);
    if (result < 0) return result;
    result = uv_async_init(loop, &async_, OnReady);
    if (result < 0) return uv_sem_destroy(&looked_), result;
    async_.data = this;
    Ref(false);
    started_ = uv_thread_create(&thread_, Run, this);
    return 0;
  }
  int started() const { return started_; }

  void Ref(bool wanted) override { (wanted ? uv_ref : uv_unref)(reinterpret_cast<uv_handle_t*>(&async_)); }
  void Close(Call closed) override {
    closed_ = closed;
    if (started_ == 0) {
      ending_ = true;
      poller_->Wake();
      uv_sem_post(&looked_);
      uv_thread_join(&thread_);
    }
    uv_sem_destroy(&looked_);
    uv_close(reinterpret_cast<uv_handle_t*>(&async_), OnClosed);
  }

 private:
  static void Run(void* data) {
    auto* watch = static_cast<ThreadWatch*>(data);
    for (;;) {
      watch->poller_->Park(-1);
      if (watch->ending_) return;
      uv_async_send(&watch->async_);
      uv_sem_wait(&watch->looked_);
      if (watch->ending_) return;
    }
  }
  static void OnReady(uv_async_t* async) {
    auto* watch = static_cast<ThreadWatch*>(async->data);
    watch->ready_(watch->data_);
    uv_sem_post(&watch->looked_);
  }
  static void OnClosed(uv_handle_t* handle) {
    auto* watch = static_cast<ThreadWatch*>(handle->data);
    watch->closed_(watch->data_);
  }

  os::Poller* const poller_;
  const Call ready_;
  void* const data_;
  Call closed_ = nullptr;
  int started_ = 0;
  std::atomic<bool> ending_{false};
  uv_async_t async_;
  uv_sem_t looked_;
  uv_thread_t thread_;
};

}  // namespace

std::unique_ptr<Watch> StartWatch(uv_loop_t* loop, os::Poller* poller, Watch::Call ready, void* data, int* error) {
  if (poller->Descriptor() != os::kNoFd) {
    auto watch = std::make_unique<DescriptorWatch>(ready, data);
    *error = watch->Start(loop, poller->Descriptor());
    if (*error < 0) return nullptr;
    *error = watch->started();
    return watch;
  }
  auto watch = std::make_unique<ThreadWatch>(poller, ready, data);
  *error = watch->Start(loop);
  if (*error < 0) return nullptr;
  *error = watch->started();
  return watch;
}

}  // namespace berkeley::napi
