// Rows like those of native/constants/layout.h, for the structs of macOS and the BSDs.

#ifdef IP_PKTINFO
BERKELEY_STRUCT(in_pktinfo)
BERKELEY_FIELD(in_pktinfo, ipi_ifindex)
BERKELEY_FIELD(in_pktinfo, ipi_addr)
#endif
