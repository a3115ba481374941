// The structs that addresses and ancillary data are made of: a row per struct, then one per field of it. Those of one
// system alone are in its os_layout.h.

BERKELEY_STRUCT(sockaddr)
#ifdef BERKELEY_HAS_SA_LEN
BERKELEY_FIELD(sockaddr, sa_len)
#endif
BERKELEY_FIELD(sockaddr, sa_family)
BERKELEY_FIELD(sockaddr, sa_data)

BERKELEY_STRUCT(sockaddr_in)
BERKELEY_FIELD(sockaddr_in, sin_family)
BERKELEY_FIELD(sockaddr_in, sin_port)
BERKELEY_FIELD(sockaddr_in, sin_addr)

BERKELEY_STRUCT(sockaddr_in6)
BERKELEY_FIELD(sockaddr_in6, sin6_family)
BERKELEY_FIELD(sockaddr_in6, sin6_port)
BERKELEY_FIELD(sockaddr_in6, sin6_flowinfo)
BERKELEY_FIELD(sockaddr_in6, sin6_addr)
BERKELEY_FIELD(sockaddr_in6, sin6_scope_id)

#ifdef BERKELEY_HAS_UNIX
BERKELEY_STRUCT(sockaddr_un)
BERKELEY_FIELD(sockaddr_un, sun_family)
BERKELEY_FIELD(sockaddr_un, sun_path)
#endif

BERKELEY_STRUCT(in_addr)
BERKELEY_FIELD(in_addr, s_addr)

BERKELEY_STRUCT(ip_mreq)
BERKELEY_FIELD(ip_mreq, imr_multiaddr)
BERKELEY_FIELD(ip_mreq, imr_interface)

BERKELEY_STRUCT(ipv6_mreq)
BERKELEY_FIELD(ipv6_mreq, ipv6mr_multiaddr)
BERKELEY_FIELD(ipv6_mreq, ipv6mr_interface)

BERKELEY_STRUCT(in6_pktinfo)
BERKELEY_FIELD(in6_pktinfo, ipi6_addr)
BERKELEY_FIELD(in6_pktinfo, ipi6_ifindex)

BERKELEY_STRUCT(linger)
BERKELEY_FIELD(linger, l_onoff)
BERKELEY_FIELD(linger, l_linger)

BERKELEY_STRUCT(timeval)
BERKELEY_FIELD(timeval, tv_sec)
BERKELEY_FIELD(timeval, tv_usec)

BERKELEY_STRUCT(timespec)
BERKELEY_FIELD(timespec, tv_sec)
BERKELEY_FIELD(timespec, tv_nsec)

#ifdef BERKELEY_HAS_CMSG
BERKELEY_STRUCT(cmsghdr)
BERKELEY_FIELD(cmsghdr, cmsg_len)
BERKELEY_FIELD(cmsghdr, cmsg_level)
BERKELEY_FIELD(cmsghdr, cmsg_type)
// Where the data begins, and what a record is rounded up to.
BERKELEY_FIELD_AS(cmsghdr, data, CMSG_LEN(0), 0)
BERKELEY_FIELD_AS(cmsghdr, align, CMSG_SPACE(1) - CMSG_SPACE(0), 0)
#endif
