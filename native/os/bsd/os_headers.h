// Every header whose constants and structs native/constants lists, on macOS and the BSDs. Only napi/constants.cc and
// napi/layout.cc include it.
//
// The lists test names with `#ifdef`. Therefore a name that a header has as an enumerator, or under another name than
// Python's, gets a macro here.
#ifndef BERKELEY_OS_BSD_OS_HEADERS_H_
#define BERKELEY_OS_BSD_OS_HEADERS_H_

#include <sys/types.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

// These headers are one system's, or missing from some of its versions.
#ifdef __APPLE__
#if __has_include(<sys/sys_domain.h>)
#include <sys/sys_domain.h>
#endif
#if __has_include(<sys/kern_control.h>)
#include <sys/kern_control.h>
#endif
#endif
#if __has_include(<netinet/udp.h>)
#include <netinet/udp.h>
#endif
#if __has_include(<netinet/sctp.h>)
#include <netinet/sctp.h>
#endif
#if defined(__FreeBSD__) && __has_include(<bluetooth.h>)
#include <bluetooth.h>
#endif

#include "kqueue_names.h"

// Features that not every system has.
#define BERKELEY_HAS_UNIX    // sockaddr_un
#define BERKELEY_HAS_CMSG    // cmsghdr, with the macros of cmsg(3)
#define BERKELEY_HAS_SA_LEN  // an address begins with its length

#endif  // BERKELEY_OS_BSD_OS_HEADERS_H_
