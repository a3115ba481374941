// Every header whose constants and structs native/constants lists, on Windows. Only napi/constants.cc and
// napi/layout.cc include it.
//
// The lists test names with `#ifdef`. Therefore a name that a header has as an enumerator, or under another name than
// Python's, gets a macro here.
#ifndef BERKELEY_OS_WIN_OS_HEADERS_H_
#define BERKELEY_OS_WIN_OS_HEADERS_H_

#include "os_types.h"

#include <windows.h>

#include <hvsocket.h>
#include <mstcpip.h>
#include <mswsock.h>
#include <ws2bth.h>

#include <errno.h>
#include <stddef.h>
#include <time.h>

#define BERKELEY_HAS_CMSG  // cmsghdr, with the macros of cmsg(3)
#define cmsghdr _WSACMSGHDR
#ifndef CMSG_LEN
#define CMSG_LEN WSA_CMSG_LEN
#define CMSG_SPACE WSA_CMSG_SPACE
#endif

// Errors of sockets have Winsock's numbers here, as in CPython; C's own numbers of these names are nothing that a
// socket ever says.
#undef EADDRINUSE
#undef EADDRNOTAVAIL
#undef EAFNOSUPPORT
#undef EALREADY
#undef ECONNABORTED
#undef ECONNREFUSED
#undef ECONNRESET
#undef EDESTADDRREQ
#undef EDQUOT
#undef EHOSTDOWN
#undef EHOSTUNREACH
#undef EINPROGRESS
#undef EISCONN
#undef ELOOP
#undef EMSGSIZE
#undef ENETDOWN
#undef ENETRESET
#undef ENETUNREACH
#undef ENOBUFS
#undef ENOPROTOOPT
#undef ENOTCONN
#undef ENOTSOCK
#undef EOPNOTSUPP
#undef EPFNOSUPPORT
#undef EPROTONOSUPPORT
#undef EPROTOTYPE
#undef EREMOTE
#undef ESHUTDOWN
#undef ESOCKTNOSUPPORT
#undef ESTALE
#undef ETIMEDOUT
#undef ETOOMANYREFS
#undef EUSERS
#undef EWOULDBLOCK
#define EADDRINUSE WSAEADDRINUSE
#define EADDRNOTAVAIL WSAEADDRNOTAVAIL
#define EAFNOSUPPORT WSAEAFNOSUPPORT
#define EALREADY WSAEALREADY
#define ECONNABORTED WSAECONNABORTED
#define ECONNREFUSED WSAECONNREFUSED
#define ECONNRESET WSAECONNRESET
#define EDESTADDRREQ WSAEDESTADDRREQ
#define EDQUOT WSAEDQUOT
#define EHOSTDOWN WSAEHOSTDOWN
#define EHOSTUNREACH WSAEHOSTUNREACH
#define EINPROGRESS WSAEINPROGRESS
#define EISCONN WSAEISCONN
#define ELOOP WSAELOOP
#define EMSGSIZE WSAEMSGSIZE
#define ENETDOWN WSAENETDOWN
#define ENETRESET WSAENETRESET
#define ENETUNREACH WSAENETUNREACH
#define ENOBUFS WSAENOBUFS
#define ENOPROTOOPT WSAENOPROTOOPT
#define ENOTCONN WSAENOTCONN
#define ENOTSOCK WSAENOTSOCK
#define EOPNOTSUPP WSAEOPNOTSUPP
#define EPFNOSUPPORT WSAEPFNOSUPPORT
#define EPROTONOSUPPORT WSAEPROTONOSUPPORT
#define EPROTOTYPE WSAEPROTOTYPE
#define EREMOTE WSAEREMOTE
#define ESHUTDOWN WSAESHUTDOWN
#define ESOCKTNOSUPPORT WSAESOCKTNOSUPPORT
#define ESTALE WSAESTALE
#define ETIMEDOUT WSAETIMEDOUT
#define ETOOMANYREFS WSAETOOMANYREFS
#define EUSERS WSAEUSERS
#define EWOULDBLOCK WSAEWOULDBLOCK

// Python's names for what Windows calls otherwise, and numbers that some headers lack.
#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH
#define SOL_IP 0
#define SOL_TCP 6
#define SOL_UDP 17
#define IPPORT_USERRESERVED 5000
#define INADDR_UNSPEC_GROUP 0xe0000000
#define INADDR_ALLHOSTS_GROUP 0xe0000001
#define INADDR_MAX_LOCAL_GROUP 0xe00000ff
#ifndef SIO_LOOPBACK_FAST_PATH
#define SIO_LOOPBACK_FAST_PATH _WSAIOW(IOC_VENDOR, 16)
#endif
#define RCVALL_OFF 0
#define RCVALL_ON 1
#define RCVALL_SOCKETLEVELONLY 2
#define RCVALL_IPLEVEL 3
#undef RCVALL_MAX
#define RCVALL_MAX 3
#ifndef AF_LINK
#define AF_LINK 33
#endif
#ifndef TCP_MAXSEG
#define TCP_MAXSEG 4
#endif
#ifndef AF_HYPERV
#define AF_HYPERV 34
#endif
#ifndef HVSOCKET_CONNECTED_SUSPEND
#define HVSOCKET_CONNECTED_SUSPEND 4
#endif
#ifndef MSG_ERRQUEUE
#define MSG_ERRQUEUE 0x1000
#endif
#ifndef SO_ORIGINAL_DST
#define SO_ORIGINAL_DST 0x300F
#endif
// CPython gives the command by this name, and its setsockopt knows it: see SetSockOpt.
#define TCP_QUICKACK SIO_TCP_SET_ACK_FREQUENCY
#ifndef TCP_KEEPIDLE
#define TCP_KEEPIDLE 3
#endif
#ifndef TCP_KEEPCNT
#define TCP_KEEPCNT 16
#define TCP_KEEPINTVL 17
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 15
#endif
#ifndef AF_BLUETOOTH
#define AF_BLUETOOTH AF_BTH
#endif
#define BTPROTO_RFCOMM BTHPROTO_RFCOMM

#endif  // BERKELEY_OS_WIN_OS_HEADERS_H_
