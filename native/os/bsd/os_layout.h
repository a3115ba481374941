// Rows like those of native/constants/layout.h, for the structs of macOS and the BSDs.

#ifdef IP_PKTINFO
BERKELEY_STRUCT(in_pktinfo)
BERKELEY_FIELD(in_pktinfo, ipi_ifindex)
BERKELEY_FIELD(in_pktinfo, ipi_addr)
#endif

#ifdef BERKELEY_HAS_KERN_CONTROL
BERKELEY_STRUCT(sockaddr_ctl)
BERKELEY_FIELD(sockaddr_ctl, ss_sysaddr)
BERKELEY_FIELD(sockaddr_ctl, sc_id)
BERKELEY_FIELD(sockaddr_ctl, sc_unit)
#endif
