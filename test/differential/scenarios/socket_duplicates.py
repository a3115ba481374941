# dup, fromfd, socketpair, inheritance.

## dup shares the connection
a, b = socket.socketpair()
c = a.dup()
c.fileno() != a.fileno()
(c.family, c.type, c.proto)
c.send(b'from the duplicate')
b.recv(100)
a.close()
c.send(b'still open')
b.recv(100)
c.get_inheritable()

## dup takes the timeout with it
a = socket.socket()
a.settimeout(2.5)
b = a.dup()
b.gettimeout()
a.setblocking(False)
c = a.dup()
c.gettimeout()
c.getblocking()

## socket.dup of a number
a, b = socket.socketpair()
n = socket.dup(a.fileno())
n > 2
n != a.fileno()
same_file(n, a.fileno())
close_fd(n)
socket.dup(-1)
socket.dup(10**6)
socket.dup('x')
socket.dup(None)
socket.dup(1.5)
socket.dup(2**31)
socket.dup(2**64)

## fromfd
a, b = socket.socketpair()
c = socket.fromfd(a.fileno(), socket.AF_UNIX, socket.SOCK_STREAM)
c.fileno() != a.fileno()
(c.family, c.type, c.proto)
c.send(b'through')
b.recv(100)
c.get_inheritable()
d = socket.fromfd(a.fileno(), socket.AF_INET, socket.SOCK_DGRAM, 17)
(d.family, d.type, d.proto)

## fromfd of what is no descriptor
socket.fromfd(-1, socket.AF_INET, socket.SOCK_STREAM)
socket.fromfd(10**6, socket.AF_INET, socket.SOCK_STREAM)
socket.fromfd('x', socket.AF_INET, socket.SOCK_STREAM)
socket.fromfd(None, 2, 1)
socket.fromfd(2.5, 2, 1)
socket.fromfd(2**64, 2, 1)

## fromfd of a plain file
n = make_file_fd('plain', b'data')
socket.fromfd(n, socket.AF_INET, socket.SOCK_STREAM)
close_fd(n)

## socketpair
a, b = socket.socketpair()
(a.family, a.type, a.proto)
(b.family, b.type, b.proto)
a.getsockname()
a.getpeername()
a.send(b'ping')
b.recv(10)
b.send(b'pong')
a.recv(10)
a.get_inheritable()

## socketpair of datagrams and of sequenced packets
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.send(b'one')
a.send(b'two')
b.recv(100)
b.recv(2)
c, d = socket.socketpair(type=socket.SOCK_SEQPACKET)
(c.family, c.type, c.proto)
c.send(b'packet')
d.recv(3)
c.close()
d.recv(10)

## socketpair with None for the family
a, b = socket.socketpair(None, socket.SOCK_DGRAM)
(a.family, a.type, a.proto)

## socketpair that cannot be
socket.socketpair(socket.AF_INET)
socket.socketpair(socket.AF_INET6, socket.SOCK_DGRAM)
socket.socketpair(socket.AF_UNIX, 99)
socket.socketpair(12345)
socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM, 99)
socket.socketpair(2**31)
socket.socketpair('unix')
socket.socketpair(socket.AF_UNIX, 'stream')
socket.socketpair(socket.AF_UNIX, 1, None)
socket.socketpair(1, 1, 0, 0)
socket.socketpair(kind=1)

## socketpair takes the default timeout
socket.setdefaulttimeout(3)
a, b = socket.socketpair()
a.gettimeout()
b.gettimeout()

## inheritance is off, and can be switched on and off
s = socket.socket()
s.get_inheritable()
s.set_inheritable(True)
s.get_inheritable()
t = s.dup()
t.get_inheritable()
s.set_inheritable(False)
s.get_inheritable()
s.set_inheritable(5)
s.get_inheritable()
s.set_inheritable(0)
s.get_inheritable()

## inheritance with wrong arguments
s = socket.socket()
s.set_inheritable('yes')
s.set_inheritable(None)
s.set_inheritable(1.5)
s.set_inheritable(2**64)
s.get_inheritable()

## accepted sockets are not inheritable
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
p, address = s.accept()
c.get_inheritable()
p.get_inheritable()
