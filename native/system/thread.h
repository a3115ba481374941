// A thread of the addon's own.
#ifndef BERKELEY_SYSTEM_THREAD_H_
#define BERKELEY_SYSTEM_THREAD_H_

#include <memory>

namespace berkeley::system_calls {

class Thread {
 public:
  virtual ~Thread() = default;
  // Waits until it has ended. Once.
  virtual void Join() = 0;
};

// Runs `run(data)` in a thread that hears none of the process's signals. nullptr: the system has no room for one.
std::unique_ptr<Thread> StartThread(void (*run)(void* data), void* data);

}  // namespace berkeley::system_calls

#endif  // BERKELEY_SYSTEM_THREAD_H_
