// Python's names of kqueue(2)'s constants.
#ifndef BERKELEY_OS_BSD_KQUEUE_NAMES_H_
#define BERKELEY_OS_BSD_KQUEUE_NAMES_H_

#include <sys/event.h>
#include <sys/types.h>

#ifdef EV_ADD
#define KQ_EV_ADD EV_ADD
#endif
#ifdef EV_CLEAR
#define KQ_EV_CLEAR EV_CLEAR
#endif
#ifdef EV_DELETE
#define KQ_EV_DELETE EV_DELETE
#endif
#ifdef EV_DISABLE
#define KQ_EV_DISABLE EV_DISABLE
#endif
#ifdef EV_ENABLE
#define KQ_EV_ENABLE EV_ENABLE
#endif
#ifdef EV_EOF
#define KQ_EV_EOF EV_EOF
#endif
#ifdef EV_ERROR
#define KQ_EV_ERROR EV_ERROR
#endif
#ifdef EV_FLAG1
#define KQ_EV_FLAG1 EV_FLAG1
#endif
#ifdef EV_ONESHOT
#define KQ_EV_ONESHOT EV_ONESHOT
#endif
#ifdef EV_SYSFLAGS
#define KQ_EV_SYSFLAGS EV_SYSFLAGS
#endif
#ifdef EVFILT_AIO
#define KQ_FILTER_AIO EVFILT_AIO
#endif
#ifdef EVFILT_NETDEV
#define KQ_FILTER_NETDEV EVFILT_NETDEV
#endif
#ifdef EVFILT_PROC
#define KQ_FILTER_PROC EVFILT_PROC
#endif
#ifdef EVFILT_READ
#define KQ_FILTER_READ EVFILT_READ
#endif
#ifdef EVFILT_SIGNAL
#define KQ_FILTER_SIGNAL EVFILT_SIGNAL
#endif
#ifdef EVFILT_TIMER
#define KQ_FILTER_TIMER EVFILT_TIMER
#endif
#ifdef EVFILT_VNODE
#define KQ_FILTER_VNODE EVFILT_VNODE
#endif
#ifdef EVFILT_WRITE
#define KQ_FILTER_WRITE EVFILT_WRITE
#endif
#ifdef NOTE_ATTRIB
#define KQ_NOTE_ATTRIB NOTE_ATTRIB
#endif
#ifdef NOTE_CHILD
#define KQ_NOTE_CHILD NOTE_CHILD
#endif
#ifdef NOTE_DELETE
#define KQ_NOTE_DELETE NOTE_DELETE
#endif
#ifdef NOTE_EXEC
#define KQ_NOTE_EXEC NOTE_EXEC
#endif
#ifdef NOTE_EXIT
#define KQ_NOTE_EXIT NOTE_EXIT
#endif
#ifdef NOTE_EXTEND
#define KQ_NOTE_EXTEND NOTE_EXTEND
#endif
#ifdef NOTE_FORK
#define KQ_NOTE_FORK NOTE_FORK
#endif
#ifdef NOTE_LINK
#define KQ_NOTE_LINK NOTE_LINK
#endif
#ifdef NOTE_LINKDOWN
#define KQ_NOTE_LINKDOWN NOTE_LINKDOWN
#endif
#ifdef NOTE_LINKINV
#define KQ_NOTE_LINKINV NOTE_LINKINV
#endif
#ifdef NOTE_LINKUP
#define KQ_NOTE_LINKUP NOTE_LINKUP
#endif
#ifdef NOTE_LOWAT
#define KQ_NOTE_LOWAT NOTE_LOWAT
#endif
#ifdef NOTE_PCTRLMASK
#define KQ_NOTE_PCTRLMASK NOTE_PCTRLMASK
#endif
#ifdef NOTE_PDATAMASK
#define KQ_NOTE_PDATAMASK NOTE_PDATAMASK
#endif
#ifdef NOTE_RENAME
#define KQ_NOTE_RENAME NOTE_RENAME
#endif
#ifdef NOTE_REVOKE
#define KQ_NOTE_REVOKE NOTE_REVOKE
#endif
#ifdef NOTE_TRACK
#define KQ_NOTE_TRACK NOTE_TRACK
#endif
#ifdef NOTE_TRACKERR
#define KQ_NOTE_TRACKERR NOTE_TRACKERR
#endif
#ifdef NOTE_WRITE
#define KQ_NOTE_WRITE NOTE_WRITE
#endif

#endif  // BERKELEY_OS_BSD_KQUEUE_NAMES_H_
