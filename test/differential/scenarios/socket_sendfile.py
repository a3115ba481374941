# sendfile.

## a whole file
a, b = socket.socketpair()
f = make_file('whole', b'0123456789')
a.sendfile(f)
b.recv(100)

## from an offset, and so much
a, b = socket.socketpair()
f = make_file('parts', b'0123456789')
a.sendfile(f, 4)
b.recv(100)
a.sendfile(f, 2, 5)
b.recv(100)
a.sendfile(f, offset=8)
b.recv(100)
a.sendfile(f, count=3)
b.recv(100)
a.sendfile(f, 5, 1000)
b.recv(100)
a.sendfile(f, 10)
a.sendfile(f, 1000)
a.sendfile(f, 0, None)
b.recv(100)

## an empty file
a, b = socket.socketpair()
f = make_file('empty', b'')
a.sendfile(f)
b.recv(100, socket.MSG_DONTWAIT)

## counts that are none
a, b = socket.socketpair()
f = make_file('counts', b'0123456789')
a.sendfile(f, 0, 0)
a.sendfile(f, 0, -1)
a.sendfile(f, 0, 'x')
a.sendfile(f, 0, 1.5)
a.sendfile(f, 0, b'5')
b.recv(100, socket.MSG_DONTWAIT)

## a nonblocking socket, and a datagram socket
a, b = socket.socketpair()
f = make_file('modes', b'0123456789')
a.setblocking(False)
a.sendfile(f)
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d.sendfile(f)
c, e = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
c.sendfile(f)

## a socket with a timeout
a, b = socket.socketpair()
f = make_file('timeout', b'0123456789')
a.settimeout(5)
a.sendfile(f)
b.recv(100)
fill(a)
a.settimeout(0.01)
a.sendfile(f)

## the peer is gone
a, b = socket.socketpair()
f = make_file('gone', b'0123456789')
b.close()
a.sendfile(f)

## what is no file
a, b = socket.socketpair()
a.sendfile(None)
a.sendfile('name')
a.sendfile(b'bytes')
