# sendmsg, recvmsg, ancillary data, passing descriptors, CMSG_LEN and CMSG_SPACE.

## sendmsg gathers, recvmsg_into scatters
a, b = socket.socketpair()
a.sendmsg([b'one', bytearray(b'two'), memoryview(b'three')])
first = bytearray(4)
second = bytearray(20)
b.recvmsg_into([first, second])
first
second
a.sendmsg((b'tuple',))
b.recvmsg(100)

## sendmsg of nothing
a, b = socket.socketpair()
a.sendmsg([])
a.sendmsg([b''])
a.sendmsg([b'', b'', b''], [], 0)
b.recv(10, socket.MSG_DONTWAIT)
d, e = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
d.sendmsg([])
e.recvmsg(10)

## sendmsg with wrong buffers
a, b = socket.socketpair()
a.sendmsg(None)
a.sendmsg(5)
a.sendmsg(b'bytes')
a.sendmsg('text')
a.sendmsg([None])
a.sendmsg([5])
a.sendmsg(['text'])
a.sendmsg([b'x', 'text'])
a.sendmsg([(b'x',)])
a.sendmsg(1.5)
b.recv(10, socket.MSG_DONTWAIT)

## sendmsg with wrong ancillary data
a, b = socket.socketpair()
a.sendmsg([b'x'], 5)
a.sendmsg([b'x'], [5])
a.sendmsg([b'x'], [None])
a.sendmsg([b'x'], [()])
a.sendmsg([b'x'], [(1, 2)])
a.sendmsg([b'x'], [(1, 2, b'x', 4)])
a.sendmsg([b'x'], [('a', 2, b'x')])
a.sendmsg([b'x'], [(1, 'b', b'x')])
a.sendmsg([b'x'], [(1, 2, 'text')])
a.sendmsg([b'x'], [(1, 2, None)])
a.sendmsg([b'x'], [(1, 2, 3)])
a.sendmsg([b'x'], [(2**31, 2, b'x')])
a.sendmsg([b'x'], [(1, 2**63, b'x')])
a.sendmsg([b'x'], [(1.5, 2, b'x')])
a.sendmsg([b'x'], ['abc'])  #! JavaScript's strings are no arrays of arguments
a.sendmsg([b'x'], b'abc')
a.sendmsg([b'x'], 'abc')  #! JavaScript's strings are no arrays of arguments
b.recv(10, socket.MSG_DONTWAIT)

## sendmsg with wrong flags and addresses
a, b = socket.socketpair()
a.sendmsg([b'x'], [], 'flag')
a.sendmsg([b'x'], [], None)
a.sendmsg([b'x'], [], 1.5)
a.sendmsg([b'x'], [], 2**31)
a.sendmsg([b'x'], [], 0, 5)
a.sendmsg([b'x'], [], 0, 'nowhere')
a.sendmsg([b'x'], [], 0, None)
a.sendmsg([b'x'], None)
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendmsg([b'x'], [], 0, ('127.0.0.1',))
d.sendmsg([b'x'], [], 0, '127.0.0.1')
d.sendmsg([b'x'])

## sendmsg to an address
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.bind(('127.0.0.1', 0))
b.sendmsg([b'to ', b'you'], [], 0, a.getsockname())
a.recvmsg(100)

## sendmsg of too many buffers
a, b = socket.socketpair()
a.sendmsg([b'x'] * 1024)
a.sendmsg([b'x'] * 1025)
len(b.recv(10000))

## recvmsg
a, b = socket.socketpair()
a.send(b'0123456789')
b.recvmsg(4)
b.recvmsg(100, 0)
a.send(b'peek')
b.recvmsg(100, 100, socket.MSG_PEEK)
b.recvmsg(0)
b.recvmsg(100)
a.close()
b.recvmsg(100, 100)

## recvmsg cuts a datagram and says so
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.send(b'0123456789')
data, ancillary, flags, address = b.recvmsg(4)
data
flags == socket.MSG_TRUNC
address
a.send(b'0123456789')
b.recvmsg(4, 0, socket.MSG_TRUNC)[2] == socket.MSG_TRUNC
c, d = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
c.send(b'packet')
d.recvmsg(100)[2] == socket.MSG_EOR

## recvmsg with wrong arguments
a, b = socket.socketpair()
b.recvmsg(-1)
b.recvmsg('x')
b.recvmsg(None)
b.recvmsg(1.5)
b.recvmsg(2**63)
b.recvmsg(10, -1)
b.recvmsg(10, 'x')
b.recvmsg(10, None)
b.recvmsg(10, 2**63)
b.recvmsg(10, 2**31)
b.recvmsg(10, 0, 'x')
b.recvmsg(10, 0, 2**31)

## recvmsg_into with wrong arguments
a, b = socket.socketpair()
b.settimeout(0.001)
b.recvmsg_into(5)
b.recvmsg_into(None)
b.recvmsg_into('text')
b.recvmsg_into([5])
b.recvmsg_into(['text'])
b.recvmsg_into([None])
b.recvmsg_into([b'bytes'])  #! JavaScript's bytes are never read-only
b.recvmsg_into(bytearray(5))
b.recvmsg_into([bytearray(5)], -1)
b.recvmsg_into([bytearray(5)], 'x')
b.recvmsg_into([bytearray(5)], 0, 'x')
b.recvmsg_into([bytearray(5)], 2**31)
b.recvmsg_into([bytearray(5)], 0, 2**31)

## recvmsg_into no buffers
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.send(b'lost')
b.recvmsg_into([])
a.send(b'lost')
b.recvmsg_into([bytearray(0), bytearray(0)])
a.send(b'kept')
buffer = bytearray(4)
b.recvmsg_into([bytearray(0), buffer, bytearray(0)])
buffer

## recvmsg_into too many buffers
a, b = socket.socketpair()
a.send(b'x')
b.recvmsg_into([bytearray(1)] * 1025)
b.recvmsg_into([bytearray(1)] * 1024)

## a descriptor is passed
a, b = socket.socketpair()
c, d = socket.socketpair()
a.sendmsg([b'take it'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array('i', [c.fileno()]))])
data, ancillary, flags, address = b.recvmsg(100, socket.CMSG_LEN(4))
(data, flags, address, len(ancillary))
ancillary[0][0] == socket.SOL_SOCKET
ancillary[0][1] == socket.SCM_RIGHTS
len(ancillary[0][2])

## several descriptors are passed
a, b = socket.socketpair()
socket.send_fds(a, [b'two', b'parts'], [a.fileno(), b.fileno(), 0])
data, fds, flags, address = socket.recv_fds(b, 100, 5)
(data, flags, address)
len(fds)
same_file(fds[0], a.fileno())
same_file(fds[1], b.fileno())
close_fd(fds[0])
close_fd(fds[1])
close_fd(fds[2])

## a plain file is passed
a, b = socket.socketpair()
n = make_file_fd('plain', b'data')
socket.send_fds(a, [b'x'], [n])
data, fds, flags, address = socket.recv_fds(b, 10, 1)
same_file(fds[0], n)
close_fd(n)
is_open(fds[0])
close_fd(fds[0])

## no room for the descriptors
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [a.fileno()])
b.recvmsg(10, 0) == (b'x', [], socket.MSG_CTRUNC, None)
socket.send_fds(a, [b'x'], [a.fileno(), b.fileno()])
data, fds, flags, address = socket.recv_fds(b, 10, 0)
(data, flags == socket.MSG_CTRUNC)
len(fds) <= 1

## an ancillary buffer of each size
a, b = socket.socketpair()
socket.send_fds(a, [b'1'], [a.fileno()])
b.recvmsg(1, 1)
socket.send_fds(a, [b'2'], [a.fileno()])
b.recvmsg(1, 15)
socket.send_fds(a, [b'3'], [a.fileno()])
b.recvmsg(1, 16)
socket.send_fds(a, [b'4'], [a.fileno()])
b.recvmsg(1, 19)
a.send(b'no ancillary data')
b.recvmsg(100, 1000)

## send_fds with wrong arguments
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [1000000])
socket.send_fds(a, [b'x'], [-1])
socket.send_fds(a, [b'x'], ['3'])
socket.send_fds(a, [b'x'], [None])
socket.send_fds(a, [b'x'], [1.5])
socket.send_fds(a, [b'x'], [2**31])
socket.send_fds(a, [b'x'], 5)
socket.send_fds(a, [b'x'], None)
socket.send_fds(a, b'x', [0])
socket.send_fds(a, 'x', [0])
socket.send_fds(a, None, [0])
socket.send_fds(a, [], [0])
socket.send_fds(a, [b'x'], [])
b.recv(10, socket.MSG_DONTWAIT)

## descriptors over what carries none
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
socket.send_fds(c, [b'x'], [0])
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array('i', [0]))], 0, ('127.0.0.1', 9))

## recv_fds with wrong arguments
a, b = socket.socketpair()
b.settimeout(0.001)
socket.recv_fds(b, -1, 1)
socket.recv_fds(b, 'x', 1)
socket.recv_fds(b, 10, 'x')
socket.recv_fds(b, 10, None)  #! CPython multiplies before it looks at the type
socket.recv_fds(b, 10, -5)
socket.recv_fds(b, 10, 2**40)
socket.recv_fds(b, 10, 1.5)
socket.recv_fds(b, 10, 1, 'x')  #! CPython does not look at the flags of recv_fds
b.setblocking(False)
socket.recv_fds(b, 10, 1)

## two ancillary items, of which the kernel takes what it knows
a, b = socket.socketpair()
item = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array('i', [a.fileno()]))
a.sendmsg([b'x'], [item, item])
data, ancillary, flags, address = b.recvmsg(10, 200)
len(ancillary)
len(ancillary[0][2])
a.sendmsg([b'x'], [(socket.SOL_SOCKET, 12345, b'')])
a.sendmsg([b'x'], [(12345, 1, b'ignored')])
b.recvmsg(10, 200)
a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b'abc')])
a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b'')])
a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, b'short')])

## credentials
a, b = socket.socketpair()
b.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
a.send(b'who')
data, ancillary, flags, address = b.recvmsg(100, socket.CMSG_SPACE(12))
(data, flags, address, len(ancillary))
ancillary[0][1] == socket.SCM_CREDENTIALS
len(ancillary[0][2])
ancillary[0][2][:4] == b.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4]

## the time to live of a datagram (12 is IP_RECVTTL, which few Pythons have)
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
a.setsockopt(socket.IPPROTO_IP, 12, 1)
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 5)
b.sendto(b'x', a.getsockname())
a.recvmsg(10, socket.CMSG_SPACE(4))[:3]
b.sendmsg([b'x'], [(socket.IPPROTO_IP, socket.IP_TTL, array('i', [9]))], 0, a.getsockname())
a.recvmsg(10, socket.CMSG_SPACE(4))[:3]

## the hop limit of a datagram [ipv6]
a = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
a.bind(('::1', 0))
a.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
b = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
b.sendmsg([b'x'], [(socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, array('i', [7]))], 0, a.getsockname())
a.recvmsg(10, 100)

## CMSG_LEN
socket.CMSG_LEN(0)
socket.CMSG_LEN(1)
socket.CMSG_LEN(4)
socket.CMSG_LEN(1000)
socket.CMSG_LEN(2**31 - 17)
socket.CMSG_LEN(2**31 - 16)
socket.CMSG_LEN(-1)
socket.CMSG_LEN(2**63)
socket.CMSG_LEN('x')
socket.CMSG_LEN(None)
socket.CMSG_LEN(1.5)

## CMSG_SPACE
socket.CMSG_SPACE(0)
socket.CMSG_SPACE(1)
socket.CMSG_SPACE(8)
socket.CMSG_SPACE(9)
socket.CMSG_SPACE(2**31 - 32)
socket.CMSG_SPACE(2**31 - 17)
socket.CMSG_SPACE(-1)
socket.CMSG_SPACE(-2**63)
socket.CMSG_SPACE(2**64)
socket.CMSG_SPACE('x')

## sendmsg_afalg on other sockets
a, b = socket.socketpair()
a.sendmsg_afalg([b'x'], op=1)
a.sendmsg_afalg(op=1)
