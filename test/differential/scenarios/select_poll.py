# select.poll.

## register, poll, modify, unregister
a, b = socket.socketpair()
p = select.poll()
p.poll(0)
p.register(a)
p.poll(0) == [(a.fileno(), select.POLLOUT)]
p.register(b, select.POLLIN)
a.send(b'x')
sorted(p.poll(0)) == sorted([(a.fileno(), select.POLLOUT), (b.fileno(), select.POLLIN)])
p.modify(a, select.POLLIN)
p.poll(0) == [(b.fileno(), select.POLLIN)]
p.modify(b, select.POLLIN | select.POLLOUT)
p.poll(0) == [(b.fileno(), select.POLLIN | select.POLLOUT)]
p.unregister(b)
p.poll(0)
p.unregister(a)
p.poll(0)

## registering again changes the events
a, b = socket.socketpair()
p = select.poll()
p.register(a, select.POLLIN)
p.register(a, select.POLLOUT)
p.poll(0) == [(a.fileno(), select.POLLOUT)]
p.unregister(a)
p.poll(0)

## by number, by object
a, b = socket.socketpair()
p = select.poll()
p.register(a.fileno(), select.POLLOUT)
p.poll(0) == [(a.fileno(), select.POLLOUT)]
p.modify(a, 0)
p.poll(0)
p.unregister(Fileno(a.fileno()))
p.register(Fileno(b.fileno()), select.POLLOUT)
p.poll(0) == [(b.fileno(), select.POLLOUT)]

## what is not registered
a, b = socket.socketpair()
p = select.poll()
p.modify(a, select.POLLIN)
p.unregister(1000000)
p.modify(1000000, select.POLLIN)

## a descriptor that is not open
p = select.poll()
p.register(1000, select.POLLIN)
p.poll(0) == [(1000, select.POLLNVAL)]
s = socket.socket()
n = s.fileno()
p.register(s)
s.close()
p.register(s)
p.unregister(s)

## hang-up and error
a, b = socket.socketpair()
p = select.poll()
p.register(a, 0)
b.close()
p.poll(0) == [(a.fileno(), select.POLLHUP)]
p.modify(a, select.POLLIN | select.POLLRDHUP)
p.poll(0) == [(a.fileno(), select.POLLIN | select.POLLHUP | select.POLLRDHUP)]

## what is no descriptor
p = select.poll()
p.register('x')
p.register(None)
p.register(1.5)
p.register(())
p.register(-1)
p.register(-2**31)
p.register(2**31)
p.register(2**64)
p.register(Fileno('x'))
p.register(Fileno(-1))
p.modify('x', 1)
p.unregister('x')
p.unregister(-1)

## event masks that are none
a, b = socket.socketpair()
p = select.poll()
p.register(a, 'x')
p.register(a, None)
p.register(a, 1.5)
p.register(a, -1)
p.register(a, 65536)
p.register(a, 2**64)
p.poll(0)
p.register(a, 65535)
p.register(a)
p.modify(a, 'x')
p.modify(a, None)
p.modify(a, -1)
p.modify(a, 65536)

## timeouts are milliseconds
a, b = socket.socketpair()
p = select.poll()
p.register(a)
p.poll() == [(a.fileno(), select.POLLOUT)]
p.poll(None) == [(a.fileno(), select.POLLOUT)]
p.poll(-1) == [(a.fileno(), select.POLLOUT)]
p.poll(-1.5) == [(a.fileno(), select.POLLOUT)]
p.poll(5.5) == [(a.fileno(), select.POLLOUT)]
p.modify(a, select.POLLIN)
p.poll(1)
p.poll(0.5)
p.poll(0)
p.poll(True)

## timeouts that are none
a, b = socket.socketpair()
p = select.poll()
p.register(a)
p.poll('x')
p.poll(())
p.poll(b'1')
p.poll(nan)

## timeouts that are too long [python < 3.13]
a, b = socket.socketpair()
p = select.poll()
p.register(a)
p.poll(2**31)
p.poll(2**63)
p.poll(10**30)
p.poll(-10**30)

## timeouts that are too long and floats [python >= 3.11.7]
a, b = socket.socketpair()
p = select.poll()
p.register(a)
p.poll(inf)

## poll takes no arguments
select.poll(5)  #! JavaScript does not count arguments

## a plain file is always ready
f = make_file('plain', b'data')
p = select.poll()
p.register(f, select.POLLIN)
p.poll(0) == [(f.fileno(), select.POLLIN)]
