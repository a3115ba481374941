# Calls of a socket without a timeout: they sleep in the kernel, and what wakes them is the kernel's.

## shutdown ends a recv of UDP, which waits
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
a.connect(('127.0.0.1', 9))
t = Asleep(a, 'recv', 9)
a.shutdown(socket.SHUT_RD)
woken(t)

## shutdown ends a recvfrom of UDP, which waits
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
a.connect(('127.0.0.1', 9))
t = Asleep(a, 'recvfrom', 9)
a.shutdown(socket.SHUT_RDWR)
woken(t)

## shutdown ends a recvmsg of UDP, which waits
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
a.connect(('127.0.0.1', 9))
t = Asleep(a, 'recvmsg', 9)
a.shutdown(socket.SHUT_RD)
woken(t)

## shutdown ends a recv of UDP over IPv6, which waits [ipv6]
a = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
a.bind(('::1', 0))
a.connect(('::1', 9))
t = Asleep(a, 'recv', 9)
a.shutdown(socket.SHUT_RD)
woken(t)

## a shutdown before a recv of a datagram socket ends it at once
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
a.connect(('127.0.0.1', 9))
a.shutdown(socket.SHUT_RD)
woken(Asleep(a, 'recv', 9))
woken(Asleep(a, 'recvfrom', 9))
woken(Asleep(a, 'recvmsg', 9))
b, c = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.shutdown(socket.SHUT_RDWR)
woken(Asleep(b, 'recv', 9))
woken(Asleep(b, 'recvfrom', 9))
woken(Asleep(b, 'recvmsg', 9))

## shutdown ends a recv of a Unix datagram socket, which waits
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
t = Asleep(a, 'recv', 9)
a.shutdown(socket.SHUT_RD)
woken(t)

## shutdown ends accept on a Unix stream listener
a = socket.socket(socket.AF_UNIX)
a.bind('')
a.listen()
t = Asleep(a, 'accept')
a.shutdown(socket.SHUT_RDWR)
woken(t)

## shutdown ends accept on a Unix seqpacket listener
a = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
a.bind('')
a.listen()
t = Asleep(a, 'accept')
a.shutdown(socket.SHUT_RDWR)
woken(t)

## shutdown ends accept on a TCP listener
a = socket.create_server(('127.0.0.1', 0))
t = Asleep(a, 'accept')
a.shutdown(socket.SHUT_RDWR)
woken(t)

## shutdown ends a recv of a stream, which waits
a, b = socket.socketpair()
t = Asleep(a, 'recv', 9)
a.shutdown(socket.SHUT_RD)
woken(t)

## recv and its kin wait for all with MSG_WAITALL
a, b = socket.socketpair()
a.send(b'12345')
t = Asleep(b, 'recvfrom', 10, socket.MSG_WAITALL)
a.send(b'67890')
woken(t)
a.send(b'12345')
t = Asleep(b, 'recv', 10, socket.MSG_WAITALL)
a.send(b'67890')
woken(t)

## MSG_WAITALL waits longer than a tick of ours
a, b = socket.socketpair()
a.send(b'12345')
t = Asleep(b, 'recv', 10, socket.MSG_WAITALL)
pause(0.5)
a.send(b'67')
pause(0.3)
a.send(b'890')
woken(t)

## MSG_WAITALL and MSG_PEEK wait too, on TCP
l = socket.create_server(('127.0.0.1', 0))
a = socket.create_connection(l.getsockname())
b, c = l.accept()
a.send(b'12345')
t = Asleep(b, 'recv', 10, socket.MSG_PEEK | socket.MSG_WAITALL)
a.send(b'67890')
woken(t)
t = Asleep(b, 'recvmsg', 12, 0, socket.MSG_PEEK | socket.MSG_WAITALL)
pause(0.5)
a.send(b'xy')
woken(t)[0]
b.recv(20)

## MSG_WAITALL stops at the urgent mark
l = socket.create_server(('127.0.0.1', 0))
a = socket.create_connection(l.getsockname())
b, c = l.accept()
a.send(b'abc')
a.send(b'X', socket.MSG_OOB)
a.send(b'def')
pause(0.1)
woken(Asleep(b, 'recv', 6, socket.MSG_WAITALL))
b.recv(1, socket.MSG_OOB)
b.recv(9)

## MSG_WAITALL stops behind descriptors
a, b = socket.socketpair()
socket.send_fds(a, [b'abc'], [0])
a.send(b'def')
woken(Asleep(b, 'recv', 6, socket.MSG_WAITALL))
b.recv(9)

## a descriptor that is nonblocking under an object without a timeout
a, b = socket.socketpair()
c = a.dup()
c.setblocking(False)
a.gettimeout()
a.recv(9)
a.recvfrom(9)
a.recvmsg(9)
fill(c)
a.send(b'x')
a.sendall(b'x')
a.sendmsg([b'x'])
l = socket.create_server(('127.0.0.1', 0))
m = l.dup()
m.setblocking(False)
l.accept()

## a nonblocking connection that is under way is waited for by a second, blocking connect
l = socket.create_server(('127.0.0.1', 0))
a = socket.socket()
a.setblocking(False)
a.connect_ex(l.getsockname()) in (0, errno.EINPROGRESS)
a.setblocking(True)
a.connect(l.getsockname())
a.connect(l.getsockname())

## MSG_FASTOPEN connects and sends
l = socket.create_server(('127.0.0.1', 0))
a = socket.socket()
a.sendto(b'hello', socket.MSG_FASTOPEN, l.getsockname())
b, c = l.accept()
b.recv(9)
d = socket.socket()
d.sendmsg([b'hello'], [], socket.MSG_FASTOPEN, l.getsockname())
e, f = l.accept()
e.recv(9)

## a low-water mark is waited for
a, b = socket.socketpair()
l = socket.create_server(('127.0.0.1', 0))
a = socket.create_connection(l.getsockname())
b, c = l.accept()
b.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 5)
t = Asleep(b, 'recv', 9)
a.send(b'123')
pause(0.4)
a.send(b'456')
woken(t)
