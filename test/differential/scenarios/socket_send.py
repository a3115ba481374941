# send, sendall, sendto.

## send
a, b = socket.socketpair()
a.send(b'hello')
a.send(b'')
a.send(bytearray(b'mutable'))
a.send(memoryview(b'a view'))
a.send(array('i', [1]))
b.recv(100)

## send with flags
a, b = socket.socketpair()
a.send(b'x', socket.MSG_DONTWAIT)
a.send(b'y', socket.MSG_NOSIGNAL)
a.send(b'z', socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
b.recv(10)
a.send(b'o', socket.MSG_OOB)
d, e = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
d.send(b'o', socket.MSG_OOB)

## send with wrong types
a, b = socket.socketpair()
a.send('text')
a.send(None)
a.send(5)
a.send(1.5)
a.send((1, 2))
a.send(True)
a.send(a)
a.send(b'x', 'y')
a.send(b'x', None)
a.send(b'x', 1.5)
a.send(b'x', 2**31)
a.send(b'x', 2**63)
b.recv(10, socket.MSG_DONTWAIT)

## sendall
a, b = socket.socketpair()
a.sendall(b'hello')
a.sendall(b'')
a.sendall(memoryview(b'a view'), 0)
b.recv(100)
a.sendall('text')
a.sendall(None)
a.sendall(5)
a.sendall((1, 2))
a.sendall([1, 2])  #! JavaScript's arrays are both list and tuple
a.sendall(b'x', 'y')
a.sendall(b'x', 2**31)
b.recv(100, socket.MSG_DONTWAIT)

## sendall of more than there is room for
a, b = socket.socketpair()
a.settimeout(0.01)
a.sendall(b'x' * 4000000)

## send on what is not connected
s = socket.socket()
s.send(b'x')
s.sendall(b'x')
s.sendmsg([b'x'])
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.send(b'x')
u = socket.socket(socket.AF_UNIX)
u.send(b'x')
v = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
v.send(b'x')
w = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
w.send(b'x')

## send on a shut-down socket
a, b = socket.socketpair()
a.shutdown(socket.SHUT_WR)
a.send(b'x')
a.sendall(b'x')
a.sendmsg([b'x'])
a.send(b'')

## a datagram that is too large
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendto(b'x' * 70000, ('127.0.0.1', 9))
d.connect(('127.0.0.1', 9))
d.send(b'x' * 65508)
d.sendmsg([b'x' * 40000, b'y' * 40000])
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.setblocking(False)
a.send(b'x' * 10000000)

## sendto
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.sendto(b'two', a.getsockname())
a.recv(10)
b.sendto(b'three', 0, a.getsockname())
a.recv(10)
b.sendto(b'flag', socket.MSG_DONTWAIT, a.getsockname())
a.recv(10)
b.sendto(b'', a.getsockname())
a.recv(10)
b.getsockname()

## sendto with a wrong number of arguments
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.sendto(b'x')
b.sendto()
b.sendto(b'x', 0, ('127.0.0.1', 9), 5)

## sendto with wrong types
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.sendto('text', ('127.0.0.1', 9))
b.sendto(None, ('127.0.0.1', 9))
b.sendto(5, 0, ('127.0.0.1', 9))
b.sendto(b'x', None)
b.sendto(b'x', 'localhost')
b.sendto(b'x', 5)
b.sendto(b'x', 'flag', ('127.0.0.1', 9))
b.sendto(b'x', None, ('127.0.0.1', 9))
b.sendto(b'x', 1.5, ('127.0.0.1', 9))
b.sendto(b'x', 2**31, ('127.0.0.1', 9))
b.sendto(b'x', 0, None)
b.sendto(b'x', 0, ('127.0.0.1',))
b.sendto(b'x', 0, ('127.0.0.1', 'http'))
b.sendto(b'x', 0, ('127.0.0.1', 9, 9))

## sendto on a connected stream
a, b = socket.socketpair()
a.sendto(b'x', 'nowhere')
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
p, address = s.accept()
c.sendto(b'tcp', s.getsockname())
p.recv(10)

## sendto to nobody
u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
u.sendto(b'x', 'nobody-is-here')
u.sendto(b'x', b'\0' + unique + b'-nobody')
u.sendto(b'x', '')
s = socket.socket(socket.AF_UNIX)
s.bind('a-stream')
u.sendto(b'x', 'a-stream')

## a refused datagram is told with the next call
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
address = a.getsockname()
a.close()
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.connect(address)
b.send(b'x')
b.settimeout(5)
b.recv(10)
b.send(b'y')

## sendto to port 0
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.sendto(b'x', ('127.0.0.1', 0))

## broadcast is not for everybody
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.sendto(b'x', ('127.255.255.255', 9))
b.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
