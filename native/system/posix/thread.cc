#include "../thread.h"

#include <pthread.h>
#include <signal.h>

namespace berkeley::system_calls {

namespace {

struct PosixThread : Thread {
  PosixThread(void (*run_it)(void*), void* given) : run(run_it), data(given) {}
  void Join() override { pthread_join(id, nullptr); }

  void (*const run)(void*);
  void* const data;
  pthread_t id = {};
};

void* Run(void* thread) {
  auto* self = static_cast<PosixThread*>(thread);
  self->run(self->data);
  return nullptr;
}

}  // namespace

std::unique_ptr<Thread> StartThread(void (*run)(void*), void* data) {
  auto thread = std::make_unique<PosixThread>(run, data);
  sigset_t every, before;
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  const bool started = pthread_create(&thread->id, nullptr, Run, thread.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return nullptr;
  return thread;
}

}  // namespace berkeley::system_calls
