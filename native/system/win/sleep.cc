#include "../sleep.h"

namespace berkeley::system_calls {

// No call of Windows' sleeps: a wait for readiness does, for a tick at most (os/win/win.h).
int64_t SleepEnded() { return -2; }

}  // namespace berkeley::system_calls
