# The constructor, and what an object says of itself.

## no arguments
s = socket.socket()
s.family == socket.AF_INET
s.type == socket.SOCK_STREAM
s.proto
s.timeout
s.gettimeout()
s.getblocking()
s.fileno() > 2
s.get_inheritable()

## family, type and protocol
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
(s.family, s.type, s.proto)
s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)

## keyword arguments
s = socket.socket(family=socket.AF_UNIX, type=socket.SOCK_SEQPACKET)
(s.family, s.type, s.proto)
t = socket.socket(socket.AF_INET, type=socket.SOCK_DGRAM)
(t.family, t.type, t.proto)
u = socket.socket(proto=socket.IPPROTO_TCP)
(u.family, u.type, u.proto)

## -1 is the same as not given
s = socket.socket(-1, -1, -1)
(s.family, s.type, s.proto)

## SOCK_NONBLOCK and SOCK_CLOEXEC are no part of the type
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
(s.family, s.type, s.proto)
s.gettimeout()
s.getblocking()

## a family that no kernel has
socket.socket(12345)
socket.socket(0)
socket.socket(-2)
socket.socket(2**31 - 1)

## a family beyond a C int
socket.socket(2**31)
socket.socket(-2**31 - 1)
socket.socket(2**63)
socket.socket(2**64)

## a type that is none
socket.socket(socket.AF_INET, 0)
socket.socket(socket.AF_INET, 99)
socket.socket(socket.AF_UNIX, 7)
socket.socket(socket.AF_INET, 2**31)

## a protocol that is none
socket.socket(socket.AF_INET, socket.SOCK_STREAM, 9999)
socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_UDP)
socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 17)
socket.socket(socket.AF_INET, socket.SOCK_STREAM, 2**31)

## arguments of wrong types
socket.socket('inet')
socket.socket(None)
socket.socket(2.5)
socket.socket(b'2')
socket.socket(socket.AF_INET, 'stream')
socket.socket(socket.AF_INET, None)
socket.socket(socket.AF_INET, 1.5)
socket.socket(socket.AF_INET, 1, 'tcp')
socket.socket(socket.AF_INET, 1, (6,))
socket.socket(2.0)  #! JavaScript's 2.0 is 2

## booleans are integers
s = socket.socket(socket.AF_UNIX, True, False)
(s.family, s.type, s.proto)

## too many arguments
socket.socket(2, 1, 0, None, 5)

## an unknown keyword
socket.socket(domain=2)
socket.socket(2, family=2)

## an existing descriptor is identified
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b = socket.socket(fileno=a.fileno())
b.fileno() == a.fileno()
(b.family, b.type, b.proto)
b.gettimeout()
b.detach() == a.fileno()

## an existing descriptor with a protocol
a = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
b = socket.socket(fileno=a.fileno())
(b.family, b.type, b.proto)
c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, a.fileno())
(c.family, c.type, c.proto)
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 7, fileno=a.fileno())
(d.family, d.type, d.proto)
e = socket.socket(proto=17, fileno=a.fileno())
(e.family, e.type, e.proto)
b.detach() + c.detach() + d.detach() + e.detach() == 4 * a.fileno()

## an existing descriptor of a pair
a, b = socket.socketpair()
c = socket.socket(fileno=a.fileno())
(c.family, c.type, c.proto)
c.send(b'through it')
b.recv(100)
c.detach() == a.fileno()

## a descriptor that is no socket
n = make_file_fd('plain', b'data')
socket.socket(fileno=n)
socket.socket(2, 1, 0, n)
is_open(n)
close_fd(n)

## a descriptor that is not open
socket.socket(fileno=1000000)
socket.socket(fileno=2**31 - 1)
socket.socket(2, 1, 0, 999999)

## a descriptor of a wrong type or value
socket.socket(fileno=-1)
socket.socket(fileno=-2**31)
socket.socket(fileno=2**31)  #! CPython cuts a descriptor's number to 32 bits
socket.socket(fileno=2**64)
socket.socket(fileno='3')
socket.socket(fileno=b'3')
socket.socket(fileno=3.5)
socket.socket(fileno=(3,))
socket.socket(fileno=1000000.0)  #! JavaScript's 1000000.0 is 1000000

## the representation of a new socket
s = socket.socket()
repr(s)
str(s)
t = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
repr(t)

## the representation of a bound, a connected and a closed socket
s = socket.create_server(('127.0.0.1', 0))
repr(s)
c = socket.create_connection(s.getsockname())
repr(c)
p, address = s.accept()
repr(p)
p.close()
repr(p)
c.detach() > 2
repr(c)

## the representation of Unix-domain sockets
s = socket.socket(socket.AF_UNIX)
s.bind('repr-path')
repr(s)
t = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
t.bind(b'\0' + unique + b'\xff')
repr(t)
a, b = socket.socketpair()
repr(a)

## attributes
s = socket.socket()
isinstance(s, socket.socket)
isinstance(s, socket.SocketType)
s.timeout
hasattr(s, 'ioctl')
