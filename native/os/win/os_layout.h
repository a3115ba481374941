// Rows like those of native/constants/layout.h, for the structs of Windows.

BERKELEY_STRUCT(in_pktinfo)
BERKELEY_FIELD(in_pktinfo, ipi_addr)
BERKELEY_FIELD(in_pktinfo, ipi_ifindex)

BERKELEY_STRUCT(_SOCKADDR_BTH)
BERKELEY_FIELD(_SOCKADDR_BTH, addressFamily)
BERKELEY_FIELD(_SOCKADDR_BTH, btAddr)
BERKELEY_FIELD(_SOCKADDR_BTH, serviceClassId)
BERKELEY_FIELD(_SOCKADDR_BTH, port)
