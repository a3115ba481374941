# recv, recv_into, recvfrom, recvfrom_into.

## recv
a, b = socket.socketpair()
b.send(b'hello world')
a.recv(5)
a.recv(1)
a.recv(100)
b.send(b'x' * 70000)
len(a.recv(100000))

## recv with flags
a, b = socket.socketpair()
b.send(b'hello')
a.recv(3, socket.MSG_PEEK)
a.recv(100, socket.MSG_PEEK)
a.recv(100, socket.MSG_DONTWAIT)
a.recv(100, socket.MSG_DONTWAIT)
b.send(b'123')
a.recv(3, socket.MSG_WAITALL)
b.send(b'oob')
a.recv(3, 0)
a.recv(3, socket.MSG_DONTWAIT | socket.MSG_ERRQUEUE)

## recv with wrong sizes
a, b = socket.socketpair()
a.recv(-1)
a.recv(-2**31)
a.recv(-2**63)
a.recv(2**63)
a.recv(2**64)
a.recv(-2**63 - 1)

## recv with wrong types
a, b = socket.socketpair()
a.recv('10')
a.recv(None)
a.recv(1.5)
a.recv(b'10')
a.recv((10,))
a.recv(10, 'x')
a.recv(10, None)
a.recv(10, 1.5)
a.recv(10, 2**31)
a.recv(10, -2**31 - 1)
a.recv(10, 2**63)
b.send(b'abc')
a.recv(True)

## recv of no bytes
a, b = socket.socketpair()
a.recv(0)
b.send(b'abc')
a.recv(0)
a.recv(0, socket.MSG_PEEK)
a.recv(10)

## recv of a datagram that is larger
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.send(b'0123456789')
a.recv(4)
b.send(b'next')
a.recv(100)
b.send(b'')
a.recv(100)
b.send(b'zero')
a.recv(0)
a.recv(100, socket.MSG_DONTWAIT)

## recv with MSG_TRUNC tells the whole length
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.send(b'0123456789')
buffer = bytearray(4)
a.recv_into(buffer, 4, socket.MSG_TRUNC)
buffer

## recv_into
a, b = socket.socketpair()
b.send(b'hello world')
buffer = bytearray(5)
a.recv_into(buffer)
buffer
a.recv_into(buffer, 2)
buffer
a.recv_into(buffer, 3, socket.MSG_PEEK)
buffer
a.recv_into(buffer, nbytes=1)
a.recv_into(buffer, flags=socket.MSG_PEEK)
a.recv_into(buffer, nbytes=2, flags=0)
buffer

## recv_into other kinds of buffers
a, b = socket.socketpair()
b.send(b'\x01\x02\x03\x04\x05\x06\x07\x08')
numbers = array('i', [0, 0])
a.recv_into(numbers)
numbers[0]
numbers[1]
b.send(b'xy')
whole = bytearray(4)
part = memoryview(whole)[1:3]
a.recv_into(part)
whole

## recv_into with wrong buffers
a, b = socket.socketpair()
a.settimeout(0.001)
a.recv_into('text')
a.recv_into(None)
a.recv_into(5)
a.recv_into((1, 2))
a.recv_into(1.5)
a.recv_into(b'bytes')  #! JavaScript's bytes are never read-only

## recv_into with wrong sizes
a, b = socket.socketpair()
a.recv_into(bytearray(4), -1)
a.recv_into(bytearray(4), 5)
a.recv_into(bytearray(4), 2**63)
a.recv_into(bytearray(4), 'x')
a.recv_into(bytearray(4), None)
a.recv_into(bytearray(4), 1.5)
a.recv_into(bytearray(4), 1, 'x')
a.recv_into(bytearray(4), 1, 2**31)
a.recv_into(bytearray(0))
a.recv_into(bytearray(0), 1)

## recv_into with an unknown keyword [python >= 3.13]
a, b = socket.socketpair()
a.recv_into(bytearray(4), size=5)

## recvfrom a datagram
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.bind(('127.0.0.1', 0))
b.sendto(b'datagram', a.getsockname())
data, address = a.recvfrom(100)
data
address
address == b.getsockname()
b.sendto(b'0123456789', a.getsockname())
a.recvfrom(4)
b.sendto(b'', a.getsockname())
a.recvfrom(10)

## recvfrom a stream has no address
a, b = socket.socketpair()
b.send(b'stream')
a.recvfrom(3)
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
p, address = s.accept()
c.send(b'tcp')
p.recvfrom(100)
c.close()
p.recvfrom(100)

## recvfrom of Unix-domain datagrams
a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a.bind('receiver')
b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
b.sendto(b'from nobody', 'receiver')
a.recvfrom(100)
b.bind('sender')
b.sendto(b'from a path', 'receiver')
a.recvfrom(100)
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.bind(b'\0' + unique)
c.sendto(b'from an abstract name', 'receiver')
a.recvfrom(100) == (b'from an abstract name', b'\0' + unique)

## recvfrom with wrong arguments
a, b = socket.socketpair()
a.recvfrom(-1)
a.recvfrom('x')
a.recvfrom(None)
a.recvfrom(1.5)
a.recvfrom(2**63)
a.recvfrom(10, 'x')
a.recvfrom(10, 2**31)

## recvfrom of no bytes
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.send(b'abc')
a.recvfrom(0)
a.recvfrom(10, socket.MSG_DONTWAIT)

## recvfrom_into
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(('127.0.0.1', 0))
b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b.bind(('127.0.0.1', 0))
b.sendto(b'datagram', a.getsockname())
buffer = bytearray(12)
a.recvfrom_into(buffer)
buffer
b.sendto(b'0123456789', a.getsockname())
a.recvfrom_into(buffer, 4)
buffer
b.sendto(b'keywords', a.getsockname())
a.recvfrom_into(buffer, nbytes=3, flags=socket.MSG_PEEK)
a.recvfrom_into(buffer, flags=0)
buffer

## recvfrom_into with wrong arguments
a, b = socket.socketpair()
a.settimeout(0.001)
a.recvfrom_into('text')
a.recvfrom_into(None)
a.recvfrom_into(5)
a.recvfrom_into(b'bytes')  #! JavaScript's bytes are never read-only
a.recvfrom_into(bytearray(4), -1)
a.recvfrom_into(bytearray(4), 5)
a.recvfrom_into(bytearray(4), 'x')
a.recvfrom_into(bytearray(4), 1, 'x')
a.recvfrom_into(bytearray(4), 2**63)
a.recvfrom_into(bytearray(4), 1, 2**31)

## receiving on what is not connected
s = socket.socket()
s.recv(5)
s.recv_into(bytearray(5))
s.recvfrom(5)
s.recvmsg(5)
t = socket.create_server(('127.0.0.1', 0))
t.recv(5)
u = socket.socket(socket.AF_UNIX)
u.recv(5)
v = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
v.recv(5)

## out-of-band data
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
p, address = s.accept()
p.recv(1, socket.MSG_OOB)
c.send(b'!', socket.MSG_OOB)
select.select([], [], [p], 5) == ([], [], [p])
p.recv(10, socket.MSG_OOB)
p.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
c.send(b'?', socket.MSG_OOB)
p.recv(10)
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.recv(1, socket.MSG_OOB)

## the peer has reset the connection
s = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(s.getsockname())
p, address = s.accept()
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\x00\x00\x00\x00\x00\x00\x00')
c.close()
p.recv(10)
p.recv(10)
p.send(b'x')

## a file descriptor of another kind
n = make_file_fd('plain', b'data')
a, b = socket.socketpair()
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, a.dup().detach())
s.getpeername()
close_fd(n)
