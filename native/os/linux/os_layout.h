// Rows like those of native/constants/layout.h, for the structs of Linux.

BERKELEY_STRUCT(ucred)
BERKELEY_FIELD(ucred, pid)
BERKELEY_FIELD(ucred, uid)
BERKELEY_FIELD(ucred, gid)

BERKELEY_STRUCT(ip_mreqn)
BERKELEY_FIELD(ip_mreqn, imr_multiaddr)
BERKELEY_FIELD(ip_mreqn, imr_address)
BERKELEY_FIELD(ip_mreqn, imr_ifindex)

BERKELEY_STRUCT(in_pktinfo)
BERKELEY_FIELD(in_pktinfo, ipi_ifindex)
BERKELEY_FIELD(in_pktinfo, ipi_spec_dst)
BERKELEY_FIELD(in_pktinfo, ipi_addr)

BERKELEY_STRUCT(sock_extended_err)
BERKELEY_FIELD(sock_extended_err, ee_errno)
BERKELEY_FIELD(sock_extended_err, ee_origin)
BERKELEY_FIELD(sock_extended_err, ee_type)
BERKELEY_FIELD(sock_extended_err, ee_code)
BERKELEY_FIELD(sock_extended_err, ee_info)
BERKELEY_FIELD(sock_extended_err, ee_data)

BERKELEY_STRUCT(sockaddr_nl)
BERKELEY_FIELD(sockaddr_nl, nl_family)
BERKELEY_FIELD(sockaddr_nl, nl_pad)
BERKELEY_FIELD(sockaddr_nl, nl_pid)
BERKELEY_FIELD(sockaddr_nl, nl_groups)

BERKELEY_STRUCT(sockaddr_ll)
BERKELEY_FIELD(sockaddr_ll, sll_family)
BERKELEY_FIELD(sockaddr_ll, sll_protocol)
BERKELEY_FIELD(sockaddr_ll, sll_ifindex)
BERKELEY_FIELD(sockaddr_ll, sll_hatype)
BERKELEY_FIELD(sockaddr_ll, sll_pkttype)
BERKELEY_FIELD(sockaddr_ll, sll_halen)
BERKELEY_FIELD(sockaddr_ll, sll_addr)

BERKELEY_STRUCT(sockaddr_vm)
BERKELEY_FIELD(sockaddr_vm, svm_family)
BERKELEY_FIELD(sockaddr_vm, svm_reserved1)
BERKELEY_FIELD(sockaddr_vm, svm_port)
BERKELEY_FIELD(sockaddr_vm, svm_cid)

BERKELEY_STRUCT(sockaddr_can)
BERKELEY_FIELD(sockaddr_can, can_family)
BERKELEY_FIELD(sockaddr_can, can_ifindex)
BERKELEY_FIELD(sockaddr_can, can_addr.tp.rx_id)
BERKELEY_FIELD(sockaddr_can, can_addr.tp.tx_id)
#ifdef BERKELEY_HAS_J1939
BERKELEY_FIELD(sockaddr_can, can_addr.j1939.name)
BERKELEY_FIELD(sockaddr_can, can_addr.j1939.pgn)
BERKELEY_FIELD(sockaddr_can, can_addr.j1939.addr)
#endif

BERKELEY_STRUCT(can_frame)
BERKELEY_FIELD(can_frame, can_id)
BERKELEY_FIELD(can_frame, can_dlc)
BERKELEY_FIELD(can_frame, data)

BERKELEY_STRUCT(sockaddr_tipc)
BERKELEY_FIELD(sockaddr_tipc, family)
BERKELEY_FIELD(sockaddr_tipc, addrtype)
BERKELEY_FIELD(sockaddr_tipc, scope)
BERKELEY_FIELD(sockaddr_tipc, addr.id.ref)
BERKELEY_FIELD(sockaddr_tipc, addr.id.node)
BERKELEY_FIELD(sockaddr_tipc, addr.nameseq.type)
BERKELEY_FIELD(sockaddr_tipc, addr.nameseq.lower)
BERKELEY_FIELD(sockaddr_tipc, addr.nameseq.upper)
BERKELEY_FIELD(sockaddr_tipc, addr.name.name.type)
BERKELEY_FIELD(sockaddr_tipc, addr.name.name.instance)
BERKELEY_FIELD(sockaddr_tipc, addr.name.domain)

BERKELEY_STRUCT(sockaddr_alg)
BERKELEY_FIELD(sockaddr_alg, salg_family)
BERKELEY_FIELD(sockaddr_alg, salg_type)
BERKELEY_FIELD(sockaddr_alg, salg_feat)
BERKELEY_FIELD(sockaddr_alg, salg_mask)
BERKELEY_FIELD(sockaddr_alg, salg_name)

#ifdef BERKELEY_HAS_QRTR
BERKELEY_STRUCT(sockaddr_qrtr)
BERKELEY_FIELD(sockaddr_qrtr, sq_family)
BERKELEY_FIELD(sockaddr_qrtr, sq_node)
BERKELEY_FIELD(sockaddr_qrtr, sq_port)
#endif

BERKELEY_STRUCT(sockaddr_l2)
BERKELEY_FIELD(sockaddr_l2, l2_family)
BERKELEY_FIELD(sockaddr_l2, l2_psm)
BERKELEY_FIELD(sockaddr_l2, l2_bdaddr)
BERKELEY_FIELD(sockaddr_l2, l2_cid)
BERKELEY_FIELD(sockaddr_l2, l2_bdaddr_type)

BERKELEY_STRUCT(sockaddr_rc)
BERKELEY_FIELD(sockaddr_rc, rc_family)
BERKELEY_FIELD(sockaddr_rc, rc_bdaddr)
BERKELEY_FIELD(sockaddr_rc, rc_channel)

BERKELEY_STRUCT(sockaddr_hci)
BERKELEY_FIELD(sockaddr_hci, hci_family)
BERKELEY_FIELD(sockaddr_hci, hci_dev)
BERKELEY_FIELD(sockaddr_hci, hci_channel)

BERKELEY_STRUCT(sockaddr_sco)
BERKELEY_FIELD(sockaddr_sco, sco_family)
BERKELEY_FIELD(sockaddr_sco, sco_bdaddr)

// tcp_info has no rows for its fields: JavaScript has their offsets, because the kernel's struct may have more fields
// than the headers here.
BERKELEY_STRUCT(tcp_info)
