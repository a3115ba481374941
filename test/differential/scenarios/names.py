# Hosts, services, protocols, interfaces.

## getaddrinfo of a numeric address
socket.getaddrinfo('127.0.0.1', 80)
socket.getaddrinfo('127.0.0.1', '80', socket.AF_INET, socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', 80, 0, socket.SOCK_DGRAM)
socket.getaddrinfo('127.0.0.1', None, type=socket.SOCK_STREAM)
socket.getaddrinfo(b'127.0.0.1', b'80', type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', 80, proto=socket.IPPROTO_UDP)
socket.getaddrinfo('127.1', 80, type=socket.SOCK_STREAM)

## getaddrinfo of an IPv6 address
socket.getaddrinfo('::1', 80, type=socket.SOCK_STREAM)
socket.getaddrinfo('::1', 80, socket.AF_INET6, socket.SOCK_STREAM)
socket.getaddrinfo('::ffff:127.0.0.1', 80, type=socket.SOCK_STREAM)
socket.getaddrinfo('::1%1', 80, type=socket.SOCK_STREAM)
socket.getaddrinfo('fe80::1%lo', 80, type=socket.SOCK_STREAM)
socket.getaddrinfo('fe80::1%nosuchinterface', 80, type=socket.SOCK_STREAM)
socket.getaddrinfo('::1', 80, socket.AF_INET)
socket.getaddrinfo('127.0.0.1', 80, socket.AF_INET6, socket.SOCK_STREAM, 0, socket.AI_V4MAPPED)

## getaddrinfo of localhost
socket.getaddrinfo('localhost', 80, socket.AF_INET, socket.SOCK_STREAM)
socket.getaddrinfo('localhost', 'http', type=socket.SOCK_STREAM)
socket.getaddrinfo('LOCALHOST', 80, socket.AF_INET, socket.SOCK_STREAM)
socket.getaddrinfo('localhost', 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)

## getaddrinfo without a host
socket.getaddrinfo(None, 80, socket.AF_INET, socket.SOCK_STREAM)
socket.getaddrinfo(None, 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
socket.getaddrinfo(None, 0, type=socket.SOCK_STREAM)
socket.getaddrinfo(None, None)
socket.getaddrinfo('', 80, socket.AF_INET, socket.SOCK_STREAM)
socket.getaddrinfo('', None)

## getaddrinfo of services
socket.getaddrinfo('127.0.0.1', 'http', type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', 'domain', type=socket.SOCK_DGRAM)
socket.getaddrinfo('127.0.0.1', 'no-such-service')
socket.getaddrinfo('127.0.0.1', 'http', type=socket.SOCK_STREAM, flags=socket.AI_NUMERICSERV)
socket.getaddrinfo('127.0.0.1', '')
socket.getaddrinfo('127.0.0.1', -1, type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', 65536, type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', 99999999, type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', True, type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', '65536', type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', '0x50', type=socket.SOCK_STREAM)
socket.getaddrinfo('127.0.0.1', ' 80', type=socket.SOCK_STREAM)

## getaddrinfo of a port beyond a C long [python < 3.12]
socket.getaddrinfo('127.0.0.1', 2**63)

## getaddrinfo that finds nothing
socket.getaddrinfo('no-such-host.invalid', 80, flags=socket.AI_NUMERICHOST)
socket.getaddrinfo('256.256.256.256', 80, flags=socket.AI_NUMERICHOST)
socket.getaddrinfo('127.0.0.1', 80, 12345)
socket.getaddrinfo('127.0.0.1', 80, 0, 12345)
socket.getaddrinfo('127.0.0.1', 80, 0, socket.SOCK_STREAM, socket.IPPROTO_UDP)
socket.getaddrinfo('127.0.0.1', 80, socket.AF_UNIX)
socket.getaddrinfo('127.0.0.1', 80, flags=0x40000000)
socket.getaddrinfo(None, 80, flags=socket.AI_CANONNAME)

## getaddrinfo with wrong types
socket.getaddrinfo(5, 80)
socket.getaddrinfo(1.5, 80)
socket.getaddrinfo(('127.0.0.1',), 80)
socket.getaddrinfo('127.0.0.1', 1.5)
socket.getaddrinfo('127.0.0.1', (80,))
socket.getaddrinfo('127.0.0.1', 80, 'inet')
socket.getaddrinfo('127.0.0.1', 80, None)
socket.getaddrinfo('127.0.0.1', 80, 0, 'stream')
socket.getaddrinfo('127.0.0.1', 80, 0, 0, 'tcp')
socket.getaddrinfo('127.0.0.1', 80, 0, 0, 0, 'flags')
socket.getaddrinfo('127.0.0.1', 80, 2**31)
socket.getaddrinfo('127.0.0.1', 80, 0, 0, 0, 0, 0)
socket.getaddrinfo('127.0.0.1', 80, nonsense=5)

## getaddrinfo of names that cannot be encoded [python < 3.12]
socket.getaddrinfo('a' * 64 + '.invalid', 80)
socket.getaddrinfo('a..b', 80)
socket.getaddrinfo('.a', 80)
socket.getaddrinfo('\ud800', 80)
socket.getaddrinfo('a' * 64 + '.\u00e9', 80)

## getaddrinfo of names with a NUL
socket.getaddrinfo('127.0.0.1\0x', 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
socket.getaddrinfo(b'127.0.0.1\0x', 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
socket.getaddrinfo('127.0.0.1', '80\0x', type=socket.SOCK_STREAM)

## getnameinfo
socket.getnameinfo(('127.0.0.1', 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
socket.getnameinfo(('127.0.0.1', 80), socket.NI_NUMERICHOST)
socket.getnameinfo(('127.0.0.1', 53), socket.NI_NUMERICHOST | socket.NI_DGRAM)
socket.getnameinfo(('127.0.0.1', 0), socket.NI_NUMERICHOST)
socket.getnameinfo(('::1', 80, 0, 0), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
socket.getnameinfo(('::1', 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
socket.getnameinfo(('fe80::1', 80, 0, 1), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
socket.getnameinfo(('127.0.0.1', 80), socket.NI_NUMERICSERV)
socket.getnameinfo(('127.0.0.1', 65535), socket.NI_NUMERICHOST)

## getnameinfo with wrong arguments
socket.getnameinfo(None, 0)
socket.getnameinfo('127.0.0.1', 0)
socket.getnameinfo((), 0)
socket.getnameinfo(('127.0.0.1',), 0)
socket.getnameinfo(('127.0.0.1', 80, 0, 0, 0), 0)
socket.getnameinfo((5, 80), 0)
socket.getnameinfo((None, 80), 0)
socket.getnameinfo((b'127.0.0.1', 80), 0)
socket.getnameinfo(('127.0.0.1', 'http'), 0)
socket.getnameinfo(('127.0.0.1', 1.5), 0)
socket.getnameinfo(('127.0.0.1', None), 0)
socket.getnameinfo(('127.0.0.1', 80, 0), 3)
socket.getnameinfo(('127.0.0.1', 80, 0, 0), 3)
socket.getnameinfo(('::1', 80, 1048576), 3)
socket.getnameinfo(('::1', 80, -1), 3)
socket.getnameinfo(('::1', 80, 0, -1), 3)
socket.getnameinfo(('::1', 80, 'x'), 3)
socket.getnameinfo(('localhost', 80), 3)
socket.getnameinfo(('127.0.0.1', 70000), 3)
socket.getnameinfo(('127.0.0.1', -1), 3)
socket.getnameinfo(('127.0.0.1', 2**31), 3)
socket.getnameinfo(('127.0.0.1', 80), 'x')
socket.getnameinfo(('127.0.0.1', 80), None)
socket.getnameinfo(('127.0.0.1', 80), 2**31)
socket.getnameinfo(('127.0.0.1', 80), 0x40000000)
socket.getnameinfo(('127.0.0.1\0', 80), 3)

## gethostbyname
socket.gethostbyname('127.0.0.1')
socket.gethostbyname('localhost')
socket.gethostbyname(b'localhost')
socket.gethostbyname('')
socket.gethostbyname('<broadcast>')
socket.gethostbyname('255.255.255.255')
socket.gethostbyname('127.1')
socket.gethostbyname('::1')
socket.gethostbyname(bytearray(b'127.0.0.1'))

## gethostbyname with wrong arguments
socket.gethostbyname(None)
socket.gethostbyname(5)
socket.gethostbyname(1.5)
socket.gethostbyname(('localhost',))
socket.gethostbyname('local\0host')
socket.gethostbyname(b'local\0host')

## gethostbyname of a name that cannot be encoded [python < 3.12]
socket.gethostbyname('\ud800')
socket.gethostbyname_ex('\ud800')
socket.gethostbyaddr('\ud800')

## gethostbyname_ex
socket.gethostbyname_ex('127.0.0.1')
socket.gethostbyname_ex('localhost')
socket.gethostbyname_ex(b'localhost')
socket.gethostbyname_ex(None)
socket.gethostbyname_ex(5)
socket.gethostbyname_ex('local\0host')

## gethostbyaddr
socket.gethostbyaddr('127.0.0.1')
socket.gethostbyaddr('localhost')
socket.gethostbyaddr(b'127.0.0.1')
socket.gethostbyaddr('::1')
socket.gethostbyaddr(None)
socket.gethostbyaddr(5)
socket.gethostbyaddr('local\0host')
socket.gethostbyaddr('')

## getfqdn
socket.getfqdn('127.0.0.1')
socket.getfqdn('localhost')
socket.getfqdn() == socket.getfqdn('')
socket.getfqdn('0.0.0.0') == socket.getfqdn()
socket.getfqdn(' localhost ')

## gethostname
len(socket.gethostname()) > 0
socket.gethostname() == socket.gethostname()

## sethostname with what is no name
socket.sethostname(5)
socket.sethostname(None)
socket.sethostname(1.5)
socket.sethostname('x' * 1000)
socket.sethostname(b'x' * 65)

## getservbyname
socket.getservbyname('http')
socket.getservbyname('http', 'tcp')
socket.getservbyname('domain', 'udp')
socket.getservbyname('http', 'nosuchprotocol')
socket.getservbyname('nosuchservice')
socket.getservbyname('')
socket.getservbyname(5)
socket.getservbyname(None)
socket.getservbyname(b'http')
socket.getservbyname('http', 5)
socket.getservbyname('http', None)
socket.getservbyname('ht\0tp')
socket.getservbyname('http', 't\0cp')
socket.getservbyname('\ud800')

## getservbyport
socket.getservbyport(80)
socket.getservbyport(80, 'tcp')
socket.getservbyport(53, 'udp')
socket.getservbyport(80, 'nosuchprotocol')
socket.getservbyport(65535)
socket.getservbyport(-1)
socket.getservbyport(65536)
socket.getservbyport(2**31)
socket.getservbyport(2**63)
socket.getservbyport('80')
socket.getservbyport(None)
socket.getservbyport(1.5)
socket.getservbyport(80, 5)
socket.getservbyport(80, 't\0cp')

## getprotobyname
socket.getprotobyname('tcp')
socket.getprotobyname('udp')
socket.getprotobyname('icmp')
socket.getprotobyname('TCP')
socket.getprotobyname('nosuchprotocol')
socket.getprotobyname('')
socket.getprotobyname(6)
socket.getprotobyname(None)
socket.getprotobyname(b'tcp')
socket.getprotobyname('t\0cp')

## interfaces
socket.if_nametoindex('lo')
socket.if_nametoindex(b'lo')
socket.if_indextoname(1)
socket.if_indextoname(socket.if_nametoindex('lo'))
(1, 'lo') in socket.if_nameindex()
len(socket.if_nameindex()) > 0

## interfaces that are none
socket.if_nametoindex('nosuchinterface')
socket.if_nametoindex('')
socket.if_nametoindex('x' * 100)
socket.if_indextoname(1000000)
socket.if_indextoname(0)
socket.if_indextoname(2**31)

## interfaces with wrong types
socket.if_nametoindex(5)
socket.if_nametoindex(None)
socket.if_nametoindex(1.5)
socket.if_nametoindex('l\0o')
socket.if_indextoname('lo')
socket.if_indextoname(None)
socket.if_indextoname(1.5)
