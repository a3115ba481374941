# Blocking, timeout and nonblocking modes.

## setblocking and settimeout
s = socket.socket()
s.setblocking(False)
(s.gettimeout(), s.getblocking(), s.timeout)
s.setblocking(True)
(s.gettimeout(), s.getblocking(), s.timeout)
s.settimeout(0)
(s.gettimeout(), s.getblocking(), s.timeout)
s.settimeout(1.5)
(s.gettimeout(), s.getblocking(), s.timeout)
s.settimeout(None)
(s.gettimeout(), s.getblocking(), s.timeout)

## setblocking takes any integer
s = socket.socket()
s.setblocking(0)
s.gettimeout()
s.setblocking(1)
s.gettimeout()
s.setblocking(-7)
s.gettimeout()
s.setblocking(2**40)
s.gettimeout()

## setblocking with wrong arguments [python < 3.12]
s = socket.socket()
s.setblocking(None)
s.setblocking('')
s.setblocking('yes')
s.setblocking(b'')
s.setblocking(0.5)
s.setblocking(())
s.gettimeout()

## setblocking with a very large number [python >= 3.12]
s = socket.socket()
s.setblocking(2**63)
s.gettimeout()

## settimeout with wrong types
s = socket.socket()
s.settimeout('5')
s.settimeout(b'5')
s.settimeout((5,))
s.settimeout(b'')
s.gettimeout()

## settimeout with wrong values [python < 3.13]
s = socket.socket()
s.settimeout(-1)
s.settimeout(-0.0001)
s.settimeout(nan)
s.settimeout(10**10)
s.settimeout(2**63)
s.settimeout(2**64)
s.settimeout(10**30)
s.settimeout(-10**30)
s.gettimeout()

## a timeout of too many seconds that is a float [python >= 3.11.7]
s = socket.socket()
s.settimeout(1e10)  #! JavaScript's 1e10 is an integer
s.settimeout(1e20)
s.settimeout(9223372037.5)
s.settimeout(inf)
s.settimeout(-inf)
s.gettimeout()

## the longest timeouts [python < 3.13]
s = socket.socket()
s.settimeout(9223372036)
s.gettimeout()
s.settimeout(9223372036.5)
s.gettimeout()
s.settimeout(9223372037)
s.gettimeout()

## timeouts are rounded up to nanoseconds
s = socket.socket()
s.settimeout(0.1)
s.gettimeout()
s.settimeout(0.0000000001)
s.gettimeout()
s.settimeout(1.0000000001)
s.gettimeout()
s.settimeout(0.123456789)
s.gettimeout()
s.settimeout(123456.7890123456)
s.gettimeout()
s.settimeout(True)
s.gettimeout()

## negative zero is zero
s = socket.socket()
s.settimeout(-0.0)
s.gettimeout()
s.getblocking()

## nothing to receive: a nonblocking socket
a, b = socket.socketpair()
a.setblocking(False)
a.recv(10)
a.recv_into(bytearray(10))
a.recvfrom(10)
a.recvfrom_into(bytearray(10))
a.recvmsg(10)
a.recvmsg_into([bytearray(10)])

## nothing to receive: a socket with a timeout
a, b = socket.socketpair()
a.settimeout(0.001)
a.recv(10)
a.recv_into(bytearray(10))
a.recvfrom(10)
a.recvfrom_into(bytearray(10))
a.recvmsg(10)
a.recvmsg_into([bytearray(10)])

## no room to send: a nonblocking socket
a, b = socket.socketpair()
fill(a)
a.send(b'x' * 65536)
a.sendall(b'x' * 65536)
a.sendmsg([b'x' * 65536])

## no room to send: a socket with a timeout
a, b = socket.socketpair()
fill(a)
a.settimeout(0.001)
a.send(b'x' * 65536)
a.sendall(b'x' * 65536)
a.sendmsg([b'x' * 65536])

## nobody to accept
s = socket.create_server(('127.0.0.1', 0))
s.setblocking(False)
s.accept()
s.settimeout(0.001)
s.accept()

## an accepted socket blocks, whatever its listener does
s = socket.create_server(('127.0.0.1', 0))
s.setblocking(False)
c = socket.create_connection(s.getsockname())
s.settimeout(5)
p, address = s.accept()
p.gettimeout()
p.getblocking()

## the default timeout
socket.getdefaulttimeout()
socket.setdefaulttimeout(5)
socket.getdefaulttimeout()
s = socket.socket()
s.gettimeout()
t = s.dup()
t.gettimeout()
socket.setdefaulttimeout(0)
u = socket.socket()
u.gettimeout()
u.getblocking()
socket.setdefaulttimeout(None)
socket.getdefaulttimeout()
v = socket.socket()
v.gettimeout()

## the default timeout with wrong arguments [python < 3.13]
socket.setdefaulttimeout(-1)
socket.setdefaulttimeout('1')
socket.setdefaulttimeout(nan)
socket.setdefaulttimeout(10**30)
socket.setdefaulttimeout(True)
socket.getdefaulttimeout()

## the default timeout of accepted and of adopted sockets
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
socket.setdefaulttimeout(7.5)
p, address = s.accept()
p.gettimeout()
a, b = socket.socketpair()
d = socket.fromfd(a.fileno(), socket.AF_UNIX, socket.SOCK_STREAM)
d.gettimeout()
e = socket.socket(fileno=c.fileno())
e.gettimeout()
e.detach() == c.fileno()

## SOCK_NONBLOCK wins over the default timeout
socket.setdefaulttimeout(5)
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
s.gettimeout()

## modes are switched on a live socket
a, b = socket.socketpair()
a.settimeout(0.001)
a.recv(10)
a.setblocking(False)
a.recv(10)
b.send(b'there')
a.recv(10)
a.settimeout(0.001)
a.recv(10)
b.send(b'more')
a.setblocking(True)
a.recv(10)
