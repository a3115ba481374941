# select.epoll.

## register, poll, modify, unregister
a, b = socket.socketpair()
e = select.epoll()
e.poll(0)
e.register(a, select.EPOLLOUT)
e.poll(0) == [(a.fileno(), select.EPOLLOUT)]
e.modify(a, select.EPOLLIN)
e.poll(0)
b.send(b'x')
e.poll(0) == [(a.fileno(), select.EPOLLIN)]
e.modify(a, select.EPOLLIN | select.EPOLLOUT)
e.poll(0) == [(a.fileno(), select.EPOLLIN | select.EPOLLOUT)]
e.unregister(a)
e.poll(0)
e.close()

## what is registered unless said otherwise
a, b = socket.socketpair()
e = select.epoll()
e.register(a)
b.send(b'x')
e.poll(0) == [(a.fileno(), select.EPOLLIN | select.EPOLLOUT)]
e.register(b.fileno(), eventmask=select.EPOLLOUT)
len(e.poll(0))
len(e.poll(0, 1))
len(e.poll(timeout=0, maxevents=2))
len(e.poll(maxevents=5))

## registered twice, not registered
a, b = socket.socketpair()
e = select.epoll()
e.register(a)
e.register(a)
e.modify(b, select.EPOLLIN)
e.unregister(b)
e.unregister(a)
e.unregister(a)

## descriptors that are not open, or cannot be waited for
e = select.epoll()
e.register(1000000)
e.modify(1000000, select.EPOLLIN)
e.unregister(1000000)
f = make_file('plain', b'data')
e.register(f)
e.register(e)
s = socket.socket()
s.close()
e.register(s)
e.unregister(s)

## a closed socket is registered no more
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
n = a.fileno()
a.close()
e.poll(0)
e.modify(n, select.EPOLLIN)
e.unregister(n)

## edge-triggered and one-shot
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLIN | select.EPOLLET)
b.send(b'x')
e.poll(0) == [(a.fileno(), select.EPOLLIN)]
e.poll(0)
b.send(b'y')
e.poll(0) == [(a.fileno(), select.EPOLLIN)]
e.modify(a, select.EPOLLIN | select.EPOLLONESHOT)
e.poll(0) == [(a.fileno(), select.EPOLLIN)]
e.poll(0)
e.modify(a, select.EPOLLIN | select.EPOLLONESHOT)
e.poll(0) == [(a.fileno(), select.EPOLLIN)]

## exclusive
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLIN | select.EPOLLEXCLUSIVE)
e.modify(a, select.EPOLLIN)
e.register(b, select.EPOLLIN | select.EPOLLEXCLUSIVE | select.EPOLLONESHOT)

## hang-up is reported unasked
a, b = socket.socketpair()
e = select.epoll()
e.register(a, 0)
b.close()
e.poll(0) == [(a.fileno(), select.EPOLLHUP)]
e.modify(a, select.EPOLLIN | select.EPOLLRDHUP)
e.poll(0) == [(a.fileno(), select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP)]

## what is no descriptor
e = select.epoll()
e.register('x')
e.register(None)
e.register(1.5)
e.register(-1)
e.register(2**31)
e.register(2**64)
e.register(Fileno('x'))
e.register(Fileno(-1))
e.modify('x', 1)
e.modify(-1, 1)
e.unregister('x')
e.unregister(-1)

## event masks that are none
a, b = socket.socketpair()
e = select.epoll()
e.register(a, 'x')
e.register(a, None)
e.register(a, 1.5)
e.register(a, 2**64)
e.modify(a, 'x')
e.modify(a, None)
e.modify(a, 2**64)

## event masks that wrap
a, b = socket.socketpair()
e = select.epoll()
e.register(a, 2**32 + select.EPOLLOUT)
e.poll(0) == [(a.fileno(), select.EPOLLOUT)]
e.unregister(a)
e.register(a, -1)

## timeouts
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
e.poll() == [(a.fileno(), select.EPOLLOUT)]
e.poll(None) == [(a.fileno(), select.EPOLLOUT)]
e.poll(-1) == [(a.fileno(), select.EPOLLOUT)]
e.poll(5) == [(a.fileno(), select.EPOLLOUT)]
e.poll(1.5) == [(a.fileno(), select.EPOLLOUT)]
e.modify(a, 0)
e.poll(0.001)
e.poll(0)

## timeouts that are none
e = select.epoll()
e.poll('x')
e.poll(())
e.poll(nan)

## timeouts that are too long [python < 3.13]
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
e.poll(10**30)
e.poll(2**40)

## timeouts that are too long and floats [python >= 3.11.7]
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
e.poll(inf)

## the number of events
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
e.register(b, select.EPOLLOUT)
len(e.poll(0, 1))
len(e.poll(0, 2))
len(e.poll(0, -1))
len(e.poll(0, 100000))
e.poll(0, 0)
e.poll(0, -2)
e.poll(0, 'x')
e.poll(0, None)
e.poll(0, 1.5)
e.poll(0, 2**31)
e.poll(0, 2**64)

## the object itself
e = select.epoll()
e.fileno() > 2
e.closed
e.close()
e.closed
e.close()
e.fileno()
e.poll(0)
e.register(0)
e.modify(0, 1)
e.unregister(0)

## sizes and flags
e = select.epoll(10)
e.closed
f = select.epoll(sizehint=5, flags=0)
f.closed
g = select.epoll(flags=select.EPOLL_CLOEXEC)
g.closed
select.epoll(0)
select.epoll(-2)
select.epoll(-1, 12345)
select.epoll('x')
select.epoll(None)
select.epoll(1.5)
select.epoll(-1, 'x')
select.epoll(2**31)
select.epoll(1, 2, 3)

## an unknown keyword [python >= 3.13]
select.epoll(nonsense=1)

## fromfd
a, b = socket.socketpair()
e = select.epoll()
e.register(a, select.EPOLLOUT)
f = select.epoll.fromfd(socket.dup(e.fileno()))
f.poll(0) == [(a.fileno(), select.EPOLLOUT)]
f.close()
e.poll(0) == [(a.fileno(), select.EPOLLOUT)]
select.epoll.fromfd('x')
select.epoll.fromfd(None)
select.epoll.fromfd(1.5)
select.epoll.fromfd(2**31)
g = select.epoll.fromfd(1000000)
g.fileno()
g.poll(0)
g.register(a)

## a poller that watches a poller
a, b = socket.socketpair()
inner = select.epoll()
outer = select.epoll()
inner.register(a, select.EPOLLIN)
outer.register(inner, select.EPOLLIN)
outer.poll(0)
b.send(b'x')
outer.poll(0) == [(inner.fileno(), select.EPOLLIN)]
select.select([outer], [], [], 0) == ([outer], [], [])
inner.register(outer)

## two pollers watch one socket
a, b = socket.socketpair()
e = select.epoll()
f = select.epoll()
e.register(a, select.EPOLLIN)
f.register(a, select.EPOLLOUT)
b.send(b'x')
e.poll(0) == [(a.fileno(), select.EPOLLIN)]
f.poll(0) == [(a.fileno(), select.EPOLLOUT)]
