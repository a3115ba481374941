// What a binary built over the kqueue(2) beside this file has for constants: Linux's, with kqueue's in the place of
// epoll's.
#include "../../native/os/linux/os_headers.h"

#include "../../native/os/bsd/kqueue_names.h"

#undef EPOLLERR
#undef EPOLLET
#undef EPOLLEXCLUSIVE
#undef EPOLLHUP
#undef EPOLLIN
#undef EPOLLMSG
#undef EPOLLONESHOT
#undef EPOLLOUT
#undef EPOLLPRI
#undef EPOLLRDBAND
#undef EPOLLRDHUP
#undef EPOLLRDNORM
#undef EPOLLWAKEUP
#undef EPOLLWRBAND
#undef EPOLLWRNORM
#undef EPOLL_CLOEXEC
