# select.select.

## what is ready comes back, in its order and as it was given
a, b = socket.socketpair()
b.send(b'x')
select.select([a], [a], [a], 0) == ([a], [a], [])
select.select([b, a], [b, a], [], 0) == ([a], [b, a], [])
select.select([a.fileno()], [], [], 0) == ([a.fileno()], [], [])
select.select([a, a], [], [], 0) == ([a, a], [], [])
select.select((a,), (b,), (), 0) == ([a], [b], [])
f = Fileno(a.fileno())
select.select([f], [], [], 0) == ([f], [], [])

## nothing is ready
a, b = socket.socketpair()
select.select([a], [], [], 0)
select.select([a, b], [], [a, b], 0.001)
select.select([], [], [], 0)
select.select([], [], [], 0.001)

## timeouts
a, b = socket.socketpair()
select.select([], [a], [], None) == ([], [a], [])
select.select([], [a], []) == ([], [a], [])
select.select([], [a], [], 5) == ([], [a], [])
select.select([], [a], [], 1.5) == ([], [a], [])
select.select([], [a], [], True) == ([], [a], [])

## timeouts that are none
a, b = socket.socketpair()
select.select([], [a], [], -1)
select.select([], [a], [], -0.5)
select.select([], [a], [], 'x')
select.select([], [a], [], ())
select.select([], [a], [], b'1')
select.select([], [a], [], nan)

## timeouts that are too long [python < 3.13]
a, b = socket.socketpair()
select.select([], [a], [], 10**30)

## timeouts that are too long and floats [python >= 3.11.7]
a, b = socket.socketpair()
select.select([], [a], [], inf)
select.select([], [a], [], 1e300)

## sets that are none
select.select(None, [], [], 0)
select.select([], 5, [], 0)
select.select([], [], 1.5, 0)
select.select([], [], None, 0)

## what is no descriptor
select.select(['x'], [], [], 0)
select.select([None], [], [], 0)
select.select([1.5], [], [], 0)
select.select([(1,)], [], [], 0)
select.select([-1], [], [], 0)
select.select([], [-5], [], 0)
select.select([2**31], [], [], 0)
select.select([2**64], [], [], 0)
select.select([Fileno(-1)], [], [], 0)
select.select([Fileno('x')], [], [], 0)
select.select([Fileno(None)], [], [], 0)
select.select([Fileno(1.5)], [], [], 0)
select.select('x', [], [], 0)

## descriptors that are not open
s = socket.socket()
n = s.detach()
socket.close(n)
select.select([n], [], [], 0)
select.select([], [n], [], 0)
select.select([], [], [n], 0)
select.select([s], [], [], 0)
select.select([], [s], [], 0)

## a descriptor beyond 1024
select.select([5000], [], [], 0)  #! CPython's select takes descriptors below 1024 only

## the peer has closed
a, b = socket.socketpair()
b.close()
select.select([a], [a], [a], 0) == ([a], [a], [])
s = socket.socket()
select.select([s], [s], [s], 0) == ([s], [s], [])

## a listener is readable when somebody waits
s = socket.create_server(('127.0.0.1', 0))
select.select([s], [s], [], 0)
c = socket.create_connection(s.getsockname())
select.select([s], [], [], 5) == ([s], [], [])
p, address = s.accept()
select.select([s], [], [], 0)

## a plain file is always ready
f = make_file('plain', b'data')
select.select([f], [f], [f], 0) == ([f], [f], [])
