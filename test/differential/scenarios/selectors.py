# selectors: the same for each of them.

## register, select, modify, unregister
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ, 'some data')
key.fileobj == a
key.fd == a.fileno()
key.events
key.data
s.select(0)
b.send(b'x')
found = s.select(0)
len(found)
found[0][0] == key
found[0][1]
key = s.modify(a, selectors.EVENT_READ | selectors.EVENT_WRITE, 'other data')
key.events
key.data
s.select(0)[0][1]
key = s.unregister(a)
key.data
s.select(0)
s.close()

## the event constants
selectors.EVENT_READ
selectors.EVENT_WRITE

## nothing registered, and timeouts
s = selectors.EachSelector()
s.select(0)
s.select(0.001)
s.select(-1)
s.select(timeout=0)
a, b = socket.socketpair()
key = s.register(a, selectors.EVENT_WRITE)
len(s.select())
len(s.select(None))
len(s.select(5))
len(s.select(0.5))
s.close()

## timeouts that are none
s = selectors.EachSelector()
s.select('x')
s.select(())
s.close()

## registered twice, not registered
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ)
s.unregister(b)
s.modify(b, selectors.EVENT_READ)
s.get_key(b)
s.unregister(1000000)
s.get_key(1000000)
s.close()

## events that are none
a, b = socket.socketpair()
s = selectors.EachSelector()
s.register(a, 0)
s.register(a, 4)
s.register(a, -1)
s.register(a, 7)
s.register(a, 'x')
s.register(a, None)
key = s.register(a, selectors.EVENT_READ)
s.modify(a, 0)
s.modify(a, 99)
s.close()

## after a failed modify
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_WRITE, 5)
s.modify(a, 0)
len(s.get_map())
s.close()

## what is no file object
s = selectors.EachSelector()
s.register('x', selectors.EVENT_READ)
s.register(None, selectors.EVENT_READ)
s.register(1.5, selectors.EVENT_READ)
s.register(-1, selectors.EVENT_READ)
s.register(-5, selectors.EVENT_READ)
s.register(Fileno(-1), selectors.EVENT_READ)
s.unregister('x')
s.modify('x', selectors.EVENT_READ)
s.close()

## a closed socket
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ)
a.close()
key = s.unregister(a)
key.fileobj == a
len(s.get_map())
s.register(a, selectors.EVENT_READ)
s.close()

## get_key and get_map
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ, 'data')
s.get_key(a) == key
s.get_key(a.fileno()) == key
m = s.get_map()
len(m)
a in m
a.fileno() in m
b in m
other = s.register(b, selectors.EVENT_WRITE)
len(m)
b in m
list(m) == [a.fileno(), b.fileno()]
list(m.keys()) == [a.fileno(), b.fileno()]
m.get(a) == key
m.get(1000000)
m.get(1000000, 'otherwise')
s.close()

## a closed selector
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ)
m = s.get_map()
s.close()
s.close()
s.get_map()
s.get_key(a)
s.register(b, selectors.EVENT_READ)

## several are ready
a, b = socket.socketpair()
c, d = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ)
key = s.register(b, selectors.EVENT_WRITE)
key = s.register(c, selectors.EVENT_READ | selectors.EVENT_WRITE)
key = s.register(d, selectors.EVENT_READ)
len(s.select(0))
b.send(b'x')
d.send(b'x')
len(s.select(0))
s.close()

## numbers, and objects with a number
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a.fileno(), selectors.EVENT_WRITE)
key.fileobj == a.fileno()
key = s.register(Fileno(b.fileno()), selectors.EVENT_WRITE)
key.fd == b.fileno()
len(s.select(0))
s.get_key(a).fd == a.fileno()
s.close()

## the peer has closed
a, b = socket.socketpair()
s = selectors.EachSelector()
key = s.register(a, selectors.EVENT_READ | selectors.EVENT_WRITE)
b.close()
s.select(0)[0][1]
s.close()
