// None of these systems sends without a copy by a flag of the call.
#include "../os.h"

namespace berkeley::os {

int EnableZerocopy(Fd) { return -EOPNOTSUPP; }

int64_t SendZerocopy(Fd, const void*, size_t, int, const void*, uint32_t, int) { return -EOPNOTSUPP; }

}  // namespace berkeley::os
