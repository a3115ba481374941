# errno, and exceptions that programs make themselves.

## errorcode
errno.errorcode[errno.ECONNREFUSED]
errno.errorcode[errno.EAGAIN]
errno.errorcode[errno.ENOTSUP]
errno.errorcode[errno.EDEADLK]
errno.errorcode[errno.EPERM]
errno.EWOULDBLOCK == errno.EAGAIN
errno.EOPNOTSUPP == errno.ENOTSUP
socket.EAGAIN == errno.EAGAIN
socket.EBADF == errno.EBADF

## a number makes the class
socket.error(errno.ECONNREFUSED, 'text').errno == errno.ECONNREFUSED
isinstance(socket.error(errno.ECONNREFUSED, 'text'), socket.error)
str(socket.error(errno.ENOENT, 'No such thing'))
str(socket.error('only a text'))
socket.error('only a text').errno
str(socket.error(errno.ENOENT, 'No such thing', 'name'))
socket.error(errno.ENOENT, 'No such thing', 'name').filename

## the resolver's exceptions
isinstance(socket.gaierror(-2, 'x'), socket.error)
isinstance(socket.herror(1, 'x'), socket.error)
isinstance(socket.timeout(), socket.error)
socket.gaierror(socket.EAI_NONAME, 'x').errno == socket.EAI_NONAME
str(socket.gaierror(socket.EAI_NONAME, 'text'))
str(socket.timeout('timed out'))
