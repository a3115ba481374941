// Every header whose constants and structs native/constants lists, on Linux. Only napi/constants.cc and napi/layout.cc
// include it.
//
// The lists test names with `#ifdef`. Therefore a name that a header has as an enumerator, or under another name than
// Python's, gets a macro here.
#ifndef BERKELEY_OS_LINUX_OS_HEADERS_H_
#define BERKELEY_OS_LINUX_OS_HEADERS_H_

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include <net/ethernet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/raw.h>
#include <linux/errqueue.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netlink.h>
#include <linux/rds.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>

// These headers are missing from the oldest kernel headers in use, or from other C libraries than glibc.
#if __has_include(<linux/can/isotp.h>)
#include <linux/can/isotp.h>
#endif
#if __has_include(<linux/can/j1939.h>)
#include <linux/can/j1939.h>
#define BERKELEY_HAS_J1939
#endif
#if __has_include(<linux/qrtr.h>)
#include <linux/qrtr.h>
#define BERKELEY_HAS_QRTR
#endif
#if __has_include(<netatalk/at.h>)
#include <netatalk/at.h>
#endif
#if __has_include(<netax25/ax25.h>)
#include <netax25/ax25.h>
#endif
#if __has_include(<netipx/ipx.h>)
#include <netipx/ipx.h>
#endif
#if __has_include(<netrom/netrom.h>)
#include <netrom/netrom.h>
#endif
#if __has_include(<netrose/rose.h>)
#include <netrose/rose.h>
#endif

#include "bluetooth.h"

// Features that not every system has.
#define BERKELEY_HAS_UNIX  // sockaddr_un
#define BERKELEY_HAS_CMSG  // cmsghdr, with the macros of cmsg(3)

// Enumerators.
#define CAN_RAW_FILTER CAN_RAW_FILTER
#define CAN_RAW_ERR_FILTER CAN_RAW_ERR_FILTER
#define CAN_RAW_LOOPBACK CAN_RAW_LOOPBACK
#define CAN_RAW_RECV_OWN_MSGS CAN_RAW_RECV_OWN_MSGS
#define CAN_RAW_FD_FRAMES CAN_RAW_FD_FRAMES
#define CAN_RAW_JOIN_FILTERS CAN_RAW_JOIN_FILTERS
#ifdef __GLIBC__
#define IPPORT_USERRESERVED IPPORT_USERRESERVED
#endif
#ifndef TIPC_CLUSTER_SCOPE
#define TIPC_CLUSTER_SCOPE TIPC_CLUSTER_SCOPE
#define TIPC_NODE_SCOPE TIPC_NODE_SCOPE
#endif
#ifdef BERKELEY_HAS_J1939
#define J1939_EE_INFO_NONE J1939_EE_INFO_NONE
#define J1939_EE_INFO_TX_ABORT J1939_EE_INFO_TX_ABORT
#define J1939_NLA_BYTES_ACKED J1939_NLA_BYTES_ACKED
#define J1939_NLA_PAD J1939_NLA_PAD
#define SCM_J1939_DEST_ADDR SCM_J1939_DEST_ADDR
#define SCM_J1939_DEST_NAME SCM_J1939_DEST_NAME
#define SCM_J1939_ERRQUEUE SCM_J1939_ERRQUEUE
#define SCM_J1939_PRIO SCM_J1939_PRIO
#define SO_J1939_ERRQUEUE SO_J1939_ERRQUEUE
#define SO_J1939_FILTER SO_J1939_FILTER
#define SO_J1939_PROMISC SO_J1939_PROMISC
#define SO_J1939_SEND_PRIO SO_J1939_SEND_PRIO
#endif

#define SOF_TIMESTAMPING_TX_HARDWARE SOF_TIMESTAMPING_TX_HARDWARE
#ifndef TCP_ESTABLISHED
#define TCP_ESTABLISHED TCP_ESTABLISHED
#endif

// The CAN broadcast manager's names have no prefix in linux/can/bcm.h.
#define CAN_BCM_TX_SETUP TX_SETUP
#define CAN_BCM_TX_DELETE TX_DELETE
#define CAN_BCM_TX_READ TX_READ
#define CAN_BCM_TX_SEND TX_SEND
#define CAN_BCM_RX_SETUP RX_SETUP
#define CAN_BCM_RX_DELETE RX_DELETE
#define CAN_BCM_RX_READ RX_READ
#define CAN_BCM_TX_STATUS TX_STATUS
#define CAN_BCM_TX_EXPIRED TX_EXPIRED
#define CAN_BCM_RX_STATUS RX_STATUS
#define CAN_BCM_RX_TIMEOUT RX_TIMEOUT
#define CAN_BCM_RX_CHANGED RX_CHANGED
#define CAN_BCM_SETTIMER SETTIMER
#define CAN_BCM_STARTTIMER STARTTIMER
#define CAN_BCM_TX_COUNTEVT TX_COUNTEVT
#define CAN_BCM_TX_ANNOUNCE TX_ANNOUNCE
#define CAN_BCM_TX_CP_CAN_ID TX_CP_CAN_ID
#define CAN_BCM_RX_FILTER_ID RX_FILTER_ID
#define CAN_BCM_RX_CHECK_DLC RX_CHECK_DLC
#define CAN_BCM_RX_NO_AUTOTIMER RX_NO_AUTOTIMER
#define CAN_BCM_RX_ANNOUNCE_RESUME RX_ANNOUNCE_RESUME
#define CAN_BCM_TX_RESET_MULTI_IDX TX_RESET_MULTI_IDX
#define CAN_BCM_RX_RTR_FRAME RX_RTR_FRAME
#define CAN_BCM_CAN_FD_FRAME CAN_FD_FRAME

// Numbers that Linux fixes and no public header has.
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11
// CPython exports these three for a kernel patch that was never merged; the kernel does not know them.
#define ALG_OP_SIGN 2
#define ALG_OP_VERIFY 3
#define ALG_SET_PUBKEY 6

#endif  // BERKELEY_OS_LINUX_OS_HEADERS_H_
