#include "../thread.h"

#include <process.h>
#include <windows.h>

namespace berkeley::system_calls {

namespace {

struct WindowsThread : Thread {
  WindowsThread(void (*run_it)(void*), void* given) : run(run_it), data(given) {}
  void Join() override {
    WaitForSingleObject(handle, INFINITE);
    CloseHandle(handle);
  }

  void (*const run)(void*);
  void* const data;
  HANDLE handle = nullptr;
};

unsigned __stdcall Run(void* thread) {
  auto* self = static_cast<WindowsThread*>(thread);
  self->run(self->data);
  return 0;
}

}  // namespace

std::unique_ptr<Thread> StartThread(void (*run)(void*), void* data) {
  auto thread = std::make_unique<WindowsThread>(run, data);
  thread->handle = reinterpret_cast<HANDLE>(_beginthreadex(nullptr, 0, Run, thread.get(), 0, nullptr));
  if (thread->handle == nullptr) return nullptr;
  return thread;
}

}  // namespace berkeley::system_calls
