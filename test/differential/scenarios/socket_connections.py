# connect, listen, accept, create_connection, create_server.

## connect, accept
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
c = socket.socket()
c.connect(s.getsockname())
p, address = s.accept()
address == c.getsockname()
p.getsockname() == s.getsockname()
p.getpeername() == c.getsockname()
(p.family, p.type, p.proto)
c.send(b'hello')
p.recv(10)
isinstance(p, socket.socket)

## connect to nobody
s = socket.socket()
s.bind(('127.0.0.1', 0))
address = s.getsockname()
s.close()
c = socket.socket()
c.connect(address)
c.connect_ex(address) == errno.ECONNREFUSED
d = socket.socket()
d.settimeout(5)
d.connect(address)
d.connect_ex(address) == errno.ECONNREFUSED

## connecting again
s = socket.create_server(('127.0.0.1', 0))
c = socket.socket()
c.connect(s.getsockname())
c.connect(s.getsockname())
c.connect_ex(s.getsockname()) == errno.EISCONN

## a nonblocking connect
s = socket.create_server(('127.0.0.1', 0))
c = socket.socket()
c.setblocking(False)
c.connect_ex(s.getsockname()) == errno.EINPROGRESS
select.select([], [c], [], 5) == ([], [c], [])
c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
c.connect_ex(s.getsockname()) in (0, errno.EISCONN)
d = socket.socket()
d.setblocking(False)
d.connect(s.getsockname())

## connect on a Unix-domain socket
s = socket.socket(socket.AF_UNIX)
s.bind('listener')
s.listen(1)
c = socket.socket(socket.AF_UNIX)
c.connect('listener')
c.getpeername()
p, address = s.accept()
address
p.getpeername()
p.getsockname()

## a full Unix-domain listener
s = socket.socket(socket.AF_UNIX)
s.bind('full')
s.listen(0)
a = socket.socket(socket.AF_UNIX)
a.connect('full')
b = socket.socket(socket.AF_UNIX)
b.setblocking(False)
b.connect('full')
b.connect_ex('full') == errno.EAGAIN
c = socket.socket(socket.AF_UNIX)
c.settimeout(0.01)
c.connect('full')
c.connect_ex('full') == errno.EAGAIN

## connecting a datagram socket chooses its peer
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.connect(a.getsockname())
b.getpeername() == a.getsockname()
b.send(b'x')
a.recv(10)

## listen with right and wrong arguments
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
s.listen(0)
s.listen(-5)
s.listen(10**6)
s.listen(2**31 - 1)
s.listen(2**31)
s.listen(2**63)
s.listen('5')
s.listen(None)
s.listen(1.5)
s.listen(True)

## listen on what cannot
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.listen()
a, b = socket.socketpair()
a.listen()
u = socket.socket(socket.AF_UNIX)
u.listen()

## accept on what does not listen
s = socket.socket()
s.accept()
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.accept()
a, b = socket.socketpair()
a.accept()

## the option that says whether a socket listens
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
s.listen()
s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)

## create_server
s = socket.create_server(('127.0.0.1', 0))
(s.family, s.type, s.proto)
s.getsockname()
s.gettimeout()
s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
t = socket.create_server(('', 0))
t.getsockname()
u = socket.create_server(('localhost', 0), family=socket.AF_INET, backlog=5)
u.getsockname()

## create_server with a shared port
s = socket.create_server(('127.0.0.1', 0), reuse_port=True)
s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
t = socket.create_server(s.getsockname(), reuse_port=True)
t.getsockname() == s.getsockname()

## create_server on IPv6 [ipv6]
s = socket.create_server(('::1', 0), family=socket.AF_INET6)
(s.family, s.type, s.proto)
s.getsockname()
s.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
t = socket.create_server(('', 0), family=socket.AF_INET6, dualstack_ipv6=True)
t.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
c = socket.create_connection(('127.0.0.1', t.getsockname()[1]))
p, address = t.accept()
address

## create_server: an address that is in use
s = socket.create_server(('127.0.0.1', 0))
socket.create_server(s.getsockname())
socket.create_server(('192.0.2.1', 0))

## create_server with wrong arguments
socket.create_server('127.0.0.1')
socket.create_server(None)
socket.create_server(('127.0.0.1',))
socket.create_server(('127.0.0.1', 'http'))
socket.create_server(('127.0.0.1', 65536))
socket.create_server(('127.0.0.1', -1))
socket.create_server((None, 0))
socket.create_server(('127.0.0.1', 0), family='inet')
socket.create_server(('127.0.0.1', 0), family=12345)
socket.create_server(('127.0.0.1', 0), backlog='x')
socket.create_server(('127.0.0.1', 0), backlog=1.5)
socket.create_server(('127.0.0.1', 0), dualstack_ipv6=True)
socket.create_server(('127.0.0.1', 0), nonsense=True)
socket.create_server(('127.0.0.1', 0), backlog=None)

## create_server for a Unix-domain address
s = socket.create_server('server-path', family=socket.AF_UNIX)
s.getsockname()
socket.create_server('server-path', family=socket.AF_UNIX)
socket.create_server('no/such/folder', family=socket.AF_UNIX)
socket.create_server('x' * 200, family=socket.AF_UNIX)  #! CPython says [Errno None] None, and not why

## create_connection
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
(c.family, c.type, c.proto)
c.gettimeout()
c.getpeername() == s.getsockname()
d = socket.create_connection(s.getsockname(), 5)
d.gettimeout()
e = socket.create_connection(s.getsockname(), timeout=None)
e.gettimeout()
f = socket.create_connection(('localhost', s.getsockname()[1]), timeout=7.5)
f.gettimeout()
g = socket.create_connection(s.getsockname(), source_address=('127.0.0.1', 0))
g.getsockname()
h = socket.create_connection(s.getsockname(), None, ('127.0.0.2', 0))
h.getsockname()

## create_connection takes the default timeout
s = socket.create_server(('127.0.0.1', 0))
socket.setdefaulttimeout(30)
c = socket.create_connection(s.getsockname())
c.gettimeout()
d = socket.create_connection(s.getsockname(), timeout=None)
d.gettimeout()

## create_connection to nobody
s = socket.create_server(('127.0.0.1', 0))
address = s.getsockname()
s.close()
socket.create_connection(address)
socket.create_connection(address, 5)
socket.create_connection(address, all_errors=False)
socket.create_connection(('localhost', address[1]), timeout=5)

## create_connection gathers all errors
s = socket.create_server(('127.0.0.1', 0))
address = s.getsockname()
s.close()
socket.create_connection(address, all_errors=True)

## create_connection with wrong arguments
socket.create_connection(None)
socket.create_connection(5)
socket.create_connection(())
socket.create_connection(('127.0.0.1',))
socket.create_connection(('127.0.0.1', 80, 0))
socket.create_connection(('127.0.0.1', None), timeout=1)
socket.create_connection((5, 80))
socket.create_connection(('127.0.0.1', 80), nonsense=1)
socket.create_connection(('127.0.0.1', 'no-such-service'))
s = socket.create_server(('127.0.0.1', 0))
socket.create_connection(s.getsockname(), timeout='x')
socket.create_connection(s.getsockname(), timeout=-1)
socket.create_connection(s.getsockname(), source_address='x')
socket.create_connection(s.getsockname(), source_address=('192.0.2.1', 0))
socket.create_connection(s.getsockname(), source_address=5)
socket.create_connection('ab')

## has_dualstack_ipv6
socket.has_dualstack_ipv6()
socket.has_ipv6
