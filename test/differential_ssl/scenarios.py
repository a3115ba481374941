# Scenarios of the ssl module: the format is that of ../differential/scenarios.ts.

## a client's context
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.protocol
c.verify_mode
c.check_hostname
c.options == 2186412112
c.verify_flags
c.minimum_version
c.maximum_version
c.hostname_checks_common_name
c._host_flags
c.security_level
c.num_tickets
c.post_handshake_auth
c.keylog_filename
c.sni_callback
c._msg_callback
c.session_stats()
c.cert_store_stats()
c.get_ca_certs()

## a server's context
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.protocol
c.verify_mode
c.check_hostname
c.verify_flags
c.minimum_version
c.maximum_version

## deprecated protocols
c = ssl.SSLContext()
c.protocol
c = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)
c.minimum_version
c.maximum_version
setattr(c, 'minimum_version', 771)
ssl.SSLContext(ssl.PROTOCOL_TLSv1).protocol
ssl.SSLContext(ssl.PROTOCOL_TLSv1_1).protocol

## protocols that do not exist
ssl.SSLContext(-1)
ssl.SSLContext(42)
ssl.SSLContext('TLS')

## ciphers by default, and in what order
ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers()
ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).get_ciphers()

## set_ciphers
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.set_ciphers('ALL')
c.get_ciphers()
c.set_ciphers('AESGCM')
c.get_ciphers()
c.set_ciphers('no such cipher')  #! CPython's text is the representation of the tuple
c.set_ciphers('')  #! CPython's text is the representation of the tuple
c.set_ciphers(1)
c.set_ciphers(None)

## verify_mode and check_hostname depend on each other
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
setattr(c, 'verify_mode', ssl.CERT_NONE)
c.verify_mode
setattr(c, 'check_hostname', False)
setattr(c, 'verify_mode', ssl.CERT_NONE)
c.verify_mode
setattr(c, 'check_hostname', True)
c.verify_mode
setattr(c, 'verify_mode', ssl.CERT_OPTIONAL)
c.verify_mode
setattr(c, 'verify_mode', 3)
setattr(c, 'verify_mode', -1)
setattr(c, 'verify_mode', None)
setattr(c, 'verify_mode', 'a')
setattr(c, 'verify_mode', 1.5)

## options
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
setattr(c, 'options', 0)
c.options
setattr(c, 'options', ssl.OP_NO_TICKET | ssl.OP_NO_TLSv1_3)
c.options
setattr(c, 'options', 'a')  [python >= 3.12]
c.options

## verify_flags
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
setattr(c, 'verify_flags', ssl.VERIFY_CRL_CHECK_LEAF)
c.verify_flags
setattr(c, 'verify_flags', ssl.VERIFY_CRL_CHECK_CHAIN)
c.verify_flags
setattr(c, 'verify_flags', ssl.VERIFY_DEFAULT)
c.verify_flags
setattr(c, 'verify_flags', ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_X509_STRICT)
c.verify_flags

## versions
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
setattr(c, 'minimum_version', ssl.TLSVersion.TLSv1_1)
setattr(c, 'maximum_version', ssl.TLSVersion.TLSv1_2)
c.minimum_version
c.maximum_version
setattr(c, 'minimum_version', ssl.TLSVersion.MINIMUM_SUPPORTED)
setattr(c, 'maximum_version', ssl.TLSVersion.TLSv1)
c.minimum_version
c.maximum_version
setattr(c, 'maximum_version', ssl.TLSVersion.MAXIMUM_SUPPORTED)
c.maximum_version
setattr(c, 'maximum_version', ssl.TLSVersion.MINIMUM_SUPPORTED)
c.maximum_version
setattr(c, 'minimum_version', ssl.TLSVersion.MAXIMUM_SUPPORTED)
c.minimum_version
setattr(c, 'minimum_version', 0)
setattr(c, 'minimum_version', 5)
setattr(c, 'minimum_version', -5)
setattr(c, 'maximum_version', 0)
setattr(c, 'minimum_version', None)
setattr(c, 'minimum_version', 1099511627776)

## num_tickets
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
setattr(c, 'num_tickets', 1)
c.num_tickets
setattr(c, 'num_tickets', 0)
c.num_tickets
setattr(c, 'num_tickets', -1)
setattr(c, 'num_tickets', None)
setattr(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), 'num_tickets', 1)

## other settings
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
setattr(c, 'post_handshake_auth', True)
c.post_handshake_auth
setattr(c, 'hostname_checks_common_name', False)
c.hostname_checks_common_name
c._host_flags
setattr(c, 'hostname_checks_common_name', True)
c._host_flags
setattr(c, 'sni_callback', nothing)
setattr(c, 'keylog_filename', 1)
setattr(c, 'keylog_filename', '/nonexistent/file')
setattr(c, 'keylog_filename', '/')
c.keylog_filename
setattr(c, '_msg_callback', 1)
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
setattr(s, 'sni_callback', 1)
s.set_servername_callback('x')
s.set_servername_callback(None)

## application protocols
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.set_alpn_protocols(['http/1.1', 'h2'])
c.set_alpn_protocols('ab')
c.set_alpn_protocols([])
c.set_alpn_protocols([b'a'])
c.set_alpn_protocols(['\u1234'])
c.set_alpn_protocols(1)

## curves
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.set_ecdh_curve('prime256v1')
c.set_ecdh_curve(b'prime256v1')
c.set_ecdh_curve('foo')
c.set_ecdh_curve(b'foo')
c.set_ecdh_curve(None)
c.set_ecdh_curve('secp112r1')

## a certificate and its key from files
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(certs + '/server.pem')
c.load_cert_chain(certs + '/server.pem', certs + '/server.pem')
c.load_cert_chain(certs + '/server.pem', keyfile=certs + '/server.pem')
c.load_cert_chain(certfile=certs + '/server.pem', keyfile=None)
c.load_cert_chain('/nonexistent')
c.load_cert_chain(certs + '/server.pem', '/nonexistent')
c.load_cert_chain(certs + '/root.crt.pem')
c.load_cert_chain(certs + '/server.pem', certs + '/client.pem')
c.load_cert_chain(certs + '/server.pem', certs + '/server-rsa.pem')
c.load_cert_chain('/dev/null')
c.load_cert_chain(certs + '/dh.pem')
c.load_cert_chain(certs + '/weak-key.pem')
c.load_cert_chain(1)
c.load_cert_chain(None)
c.load_cert_chain('a', 1)
c.load_cert_chain('a\0b')
c.load_cert_chain(certs)

## an encrypted key
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(certs + '/server-encrypted.pem', password='secret')
c.load_cert_chain(certs + '/server-encrypted.pem', password=b'secret')
c.load_cert_chain(certs + '/server-encrypted.pem', password=bytearray(b'secret'))
c.load_cert_chain(certs + '/server-encrypted.pem', None, 'secret')
c.load_cert_chain(certs + '/server-encrypted.pem', password='wrong')
c.load_cert_chain(certs + '/server-encrypted.pem', password='')
c.load_cert_chain(certs + '/server-encrypted.pem', password=True)
c.load_cert_chain(certs + '/server-encrypted.pem', password='a' * 102400)
c.load_cert_chain(certs + '/server-encrypted.pem', password=nothing)
c.load_cert_chain(certs + '/server.pem', password='a' * 102400)
c.load_cert_chain(certs + '/server.pem', password=nothing)

## trusted certificates from files
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
c.cert_store_stats()
c.load_verify_locations(certs + '/server.pem')
c.cert_store_stats()
c.load_verify_locations(certs + '/crl.pem')
c.cert_store_stats()
c.load_verify_locations(cafile=certs + '/intermediate.crt.pem', capath=None)
c.cert_store_stats()
c.get_ca_certs()
c.get_ca_certs(True)
c.get_ca_certs(binary_form=False)
c.load_verify_locations('/nonexistent')
c.load_verify_locations('/dev/null')
c.load_verify_locations(None, '/nonexistent')
c.load_verify_locations(certs + '/ocsp.der')
c.load_verify_locations(certs)
c.load_verify_locations()
c.load_verify_locations(None, None, None)
c.load_verify_locations(1)
c.load_verify_locations(None, 1)
c.load_verify_locations(certs, True)

## trusted certificates as data
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
pem = open_text(certs + '/root.crt.pem')
other = open_text(certs + '/stranger.crt.pem')
c.load_verify_locations(cadata=pem)
c.cert_store_stats()
c.load_verify_locations(cadata=pem)
c.cert_store_stats()
c.load_verify_locations(cadata='text before\n' + pem + 'between\n' + other + 'after')
c.cert_store_stats()
d = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
d.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(pem))
d.cert_store_stats()
d.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(pem) + ssl.PEM_cert_to_DER_cert(other))
d.cert_store_stats()
d.load_verify_locations(cadata='')
d.load_verify_locations(cadata=b'')
d.load_verify_locations(cadata='broken')
d.load_verify_locations(cadata=b'broken')
d.load_verify_locations(cadata=1)
d.load_verify_locations(cadata='\u1234')
d.load_verify_locations(cadata=pem + '-----BEGIN CERTIFICATE-----\nbroken')
d.load_verify_locations(cadata=ssl.PEM_cert_to_DER_cert(pem) + b'A')

## Diffie-Hellman parameters
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_dh_params(certs + '/dh.pem')
c.load_dh_params('/nonexistent')
c.load_dh_params('/dev/null')
c.load_dh_params(certs + '/server.pem')
c.load_dh_params(None)
c.load_dh_params(1)

## create_default_context
c = ssl.create_default_context()
c.protocol
c.verify_mode
c.check_hostname
c.verify_flags [python >= 3.13]
s = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
s.protocol
s.verify_mode
s.check_hostname
c = ssl.create_default_context(cafile=certs + '/root.crt.pem')
c.cert_store_stats()
ssl.create_default_context(1)
ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile='/nonexistent')

## what cannot be connected
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), True) [python >= 3.14]
s.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='') [python >= 3.14]
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='.example.org')
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='a\0b')
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=b'a')
c.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), False, 'x', 1)
c.wrap_bio(None, None)
c.wrap_bio(1, 2)
a, b = socket.socketpair()
c.wrap_socket(a)
c.wrap_socket(a, server_hostname='')
s.wrap_socket(a, server_side=True, server_hostname='a')
s.wrap_socket(a, server_side=True, session=1)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
c.wrap_socket(u, server_hostname='a')
c.wrap_socket(1)
s.wrap_socket(a)
a.fileno()
ssl.SSLObject()
ssl.SSLSocket()
ssl.SSLSocket(1, 2)
b.close()
u.close()

## an unconnected SSLSocket
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
s = c.wrap_socket(socket.socket(), server_hostname='localhost')
s.cipher()
s.version()
s.compression()
s.shared_ciphers()
s.selected_alpn_protocol()
s.pending()
s.session
s.session_reused
s.server_side
s.server_hostname
s.get_channel_binding()
s.get_channel_binding('x')
s.read()
s.read(1)
s.write(b'a')
s.recv(1)
s.recv_into(bytearray(1))
s.send(b'a')
s.recvfrom(1)
s.recvfrom_into(bytearray(1))  #! CPython hands on its own None, which its base class refuses
s.sendto(b'a', ('127.0.0.1', 1))
s.sendmsg([b'a'])
s.recvmsg(1)
s.recvmsg_into([bytearray(1)])
s.dup()
s.unwrap()  #! the text shows the socket's descriptor
s.getpeercert()
s.do_handshake()
s.connect(('127.0.0.1', 0))
s.close()

## a memory BIO
b = ssl.MemoryBIO()
b.write(b'foo')
b.pending
b.read(1)
b.read()
b.read()
b.write(b'bar')
b.read(0)
b.read(-5)
b.eof
b.write(b'x' * 40000)
b.pending
len(b.read(30000))
len(b.read(30000))
b.write(bytearray(b'a'))
b.write_eof()
b.eof
b.write(b'a')  #! CPython's text is the representation of the tuple
b.read()
b.eof
b.read()
b.write('a')
b.write(None)
b.write(1)
b.read('a')

## handshake, data, goodbye
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
client.version()
client.cipher()
client.getpeercert()
client.session
client.read()
client.write(b'early')
client.unwrap()
client.get_channel_binding('x')
shake(client, server)
client.version()
server.version()
client.cipher()
server.cipher()
server.shared_ciphers()
client.shared_ciphers()
client.getpeercert()
client.getpeercert(True) == ssl.PEM_cert_to_DER_cert(ssl.DER_cert_to_PEM_cert(client.getpeercert(binary_form=True)))
server.getpeercert()
server.getpeercert(True)
client.selected_alpn_protocol()
client.compression()
client.session_reused
server.session_reused
client.server_hostname
server.server_hostname
server.server_side
client.read()
client.pending()
server.write(b'hello world')
client.read(5)
client.pending()
d = bytearray(4)
client.read(2, d)
d
client.read(10, d)
client.read(0)
client.read(-1)
client.read('a')
client.read()
client.read(None)
client.write('a')
client.write(b'')
client.write(b'a' * 20000)
len(server.read(30000))
len(server.read(30000))
server.read()
setattr(client, 'session', client.session)
setattr(server, 'session', client.session)
setattr(client, 'session', 1)
setattr(client, 'context', 1)
client.verify_client_post_handshake()
server.verify_client_post_handshake()
client.unwrap()
server.read()
server.unwrap()
client.unwrap()
client.read()
client.write(b'a')
server.write(b'a')

## the end without a goodbye
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
server.write(b'last')
a.write_eof()
client.read()
client.read()
client.read()
client.write(b'a')
client.unwrap()

## the end without a goodbye, ignored
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
setattr(c, 'options', c.options | ssl.OP_IGNORE_UNEXPECTED_EOF)
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
a.write_eof()
client.read()
client.read()

## the end in the handshake
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
a = ssl.MemoryBIO()
client = c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='localhost')
client.do_handshake()
a.write_eof()
client.do_handshake()
client.do_handshake() [python >= 3.13]

## garbage instead of a handshake
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
a = ssl.MemoryBIO()
a.write(b'GET / HTTP/1.0\r\n\r\n')
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'PUT / HTTP/1.0\r\n\r\n')
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'CONNECT x:1 HTTP/1.0\r\n\r\n')
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x00' * 100)
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x16\x03\x01\xff\xff' + b'a' * 100)
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00')
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x15\x03\x01\x00\x02\x02\x28')
s.wrap_bio(a, ssl.MemoryBIO(), True).do_handshake()
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
a = ssl.MemoryBIO()
a.write(b'SSH-2.0-OpenSSH_9.2\r\n')
c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='a').do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x15\x03\x03\x00\x02\x02\x28')
c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='a').do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x15\x03\x03\x00\x02\x02\x46')
c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='a').do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x15\x03\x03\x00\x02\x01\x00')
c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='a').do_handshake()
a = ssl.MemoryBIO()
a.write(b'\x17\x03\x03\x00\x02\x01\x00')
c.wrap_bio(a, ssl.MemoryBIO(), server_hostname='a').do_handshake()

## a broken record after the handshake
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
b.write(b'\x17\x03\x03\x00\x20' + b'a' * 32)
server.read()
server.read()
server.write(b'a')
client.read()

## no certificate on the server's side
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
client.do_handshake()
server.do_handshake()
client.do_handshake()

## no version in common
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
setattr(s, 'minimum_version', ssl.TLSVersion.TLSv1_3)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
setattr(c, 'maximum_version', ssl.TLSVersion.TLSv1_2)
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
client.do_handshake()
server.do_handshake()
client.do_handshake()

## no cipher in common
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
setattr(s, 'maximum_version', ssl.TLSVersion.TLSv1_2)
s.set_ciphers('ECDHE-ECDSA-AES128-GCM-SHA256')
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.set_ciphers('ECDHE-ECDSA-AES256-GCM-SHA384')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
client.do_handshake()
server.do_handshake()
client.do_handshake()

## TLS 1.2: binding, finished, goodbye
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
setattr(s, 'maximum_version', ssl.TLSVersion.TLSv1_2)
s.set_alpn_protocols(['b', 'a'])
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
c.set_alpn_protocols(['a', 'b'])
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
client.version()
client.cipher()
client.selected_alpn_protocol()
len(client.get_channel_binding())
client.get_channel_binding() == server.get_channel_binding('tls-unique')
client.session.has_ticket
client.session.timeout
client.session.ticket_lifetime_hint
len(client.session.id)
s.session_stats()
c.session_stats()
client.unwrap()
server.unwrap()
client.unwrap()

## no protocol in common, no client's certificate
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
setattr(s, 'verify_mode', ssl.CERT_REQUIRED)
s.set_alpn_protocols(['x'])
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
c.set_alpn_protocols(['y'])
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
client.do_handshake()
server.do_handshake()
client.do_handshake()
server.do_handshake()
client.selected_alpn_protocol()
client.read()
client.read()

## a client's certificate
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
s.load_verify_locations(certs + '/root.crt.pem')
setattr(s, 'verify_mode', ssl.CERT_REQUIRED)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
c.load_cert_chain(certs + '/client.pem')
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
server.getpeercert()
client.get_verified_chain() [python >= 3.13]
server.get_unverified_chain() [python >= 3.13]

## a session of another context
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.load_verify_locations(certs + '/root.crt.pem')
s = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
s.load_cert_chain(certs + '/server.pem')
setattr(s, 'maximum_version', ssl.TLSVersion.TLSv1_2)
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost')
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
session = client.session
d = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
d.load_verify_locations(certs + '/root.crt.pem')
d.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='localhost', session=session)
a = ssl.MemoryBIO()
b = ssl.MemoryBIO()
client = c.wrap_bio(a, b, server_hostname='localhost', session=session)
server = s.wrap_bio(b, a, server_side=True)
shake(client, server)
client.session_reused
server.session_reused
client.session.id == session.id
s.session_stats()

## times of certificates
ssl.cert_time_to_seconds('Jan  1 00:00:00 1970 GMT')
ssl.cert_time_to_seconds('May  9 00:00:00 2007 GMT')
ssl.cert_time_to_seconds('Feb 29 00:00:00 2007 GMT')
ssl.cert_time_to_seconds('JAN  5 09:34:43 2018 GMT')
ssl.cert_time_to_seconds('Jan  5 09:34:61 2018 GMT')
ssl.cert_time_to_seconds('Dec 31 23:59:60 2008 gmt')
ssl.cert_time_to_seconds('Jan 5 9:3:4 2018 GMT')
ssl.cert_time_to_seconds('Feb  9 00:00:00 0007 GMT')
ssl.cert_time_to_seconds(cert_time='Feb  9 00:00:00 0007 GMT')
ssl.cert_time_to_seconds('Jan 5 09:34 2018 GMT')
ssl.cert_time_to_seconds('Jan 5 09:34:43 2018')
ssl.cert_time_to_seconds('Jan 5 09:34:43 2018 UTC')
ssl.cert_time_to_seconds('Jan 35 09:34:43 2018 GMT')
ssl.cert_time_to_seconds('Jon  5 09:34:43 2018 GMT')
ssl.cert_time_to_seconds('Jan  5 24:00:00 2018 GMT')
ssl.cert_time_to_seconds('Jan  5 09:60:43 2018 GMT')
ssl.cert_time_to_seconds('Jan05 09:34:43 2018 GMT')
ssl.cert_time_to_seconds(1)
ssl.cert_time_to_seconds(None)

## PEM and DER
ssl.PEM_cert_to_DER_cert('a')
ssl.PEM_cert_to_DER_cert(ssl.PEM_HEADER)
ssl.PEM_cert_to_DER_cert(ssl.PEM_HEADER + '\nAAAA\n' + ssl.PEM_FOOTER)
ssl.PEM_cert_to_DER_cert(ssl.PEM_HEADER + '\nAAAA\n' + ssl.PEM_FOOTER + '\n\n')
ssl.DER_cert_to_PEM_cert(b'a' * 100)
ssl.DER_cert_to_PEM_cert(b'')
ssl.DER_cert_to_PEM_cert('a')

## random bytes
len(ssl.RAND_bytes(16))
ssl.RAND_bytes(0)
ssl.RAND_bytes(-5)
ssl.RAND_bytes('a')
ssl.RAND_bytes(1.5)
ssl.RAND_status()
ssl.RAND_add('this is a random string', 75.0)
ssl.RAND_add(b'this is a random bytes object', 75.0)
ssl.RAND_add(1, 2)
ssl.RAND_add(b'a', 'b')

## names of protocols and purposes
ssl.get_protocol_name(ssl.PROTOCOL_TLS_CLIENT)
ssl.get_protocol_name(ssl.PROTOCOL_SSLv23)
ssl.get_protocol_name(99)
ssl.Purpose.SERVER_AUTH.nid
ssl.Purpose.SERVER_AUTH.shortname
ssl.Purpose.CLIENT_AUTH.longname
ssl.Purpose.CLIENT_AUTH.oid
ssl._ASN1Object('1.3.6.1.5.5.7.3.1').shortname
ssl._ASN1Object('serverAuth')
ssl._ASN1Object.fromnid(129).oid
ssl._ASN1Object.fromnid(-1)
ssl._ASN1Object.fromnid(100000)
ssl._ASN1Object.fromname('TLS Web Server Authentication').oid
ssl._ASN1Object.fromname('serverauth')

## versions and what there is
ssl.OPENSSL_VERSION_INFO[0] == 3
ssl.HAS_SNI
ssl.HAS_ALPN
ssl.HAS_NPN
ssl.HAS_ECDH
ssl.HAS_SSLv2
ssl.HAS_SSLv3
ssl.HAS_TLSv1
ssl.HAS_TLSv1_1
ssl.HAS_TLSv1_2
ssl.HAS_TLSv1_3
ssl.HAS_NEVER_CHECK_COMMON_NAME
ssl.CHANNEL_BINDING_TYPES

## exceptions that programs make
str(ssl.SSLError(1, 'foo'))
ssl.SSLError(1, 'foo').errno
ssl.SSLError(1, 'foo').strerror
str(ssl.SSLZeroReturnError(1, 'foo'))
