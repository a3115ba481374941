#include "../nonblocking.h"

namespace berkeley::system_calls {

// Every socket of this process is nonblocking (os/win/win.h).
NonblockingScope::NonblockingScope(int fd) : fd_(fd) {}
NonblockingScope::~NonblockingScope() = default;

}  // namespace berkeley::system_calls
