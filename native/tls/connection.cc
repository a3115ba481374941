// Connections: the handshake, data, and close_notify.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "../system/nonblocking.h"
#include "internal.h"

namespace berkeley::tls {

namespace {

// Every call that may do input or output is made inside of a CallScope, which empties the error queue and lends the
// connection the caller's Callbacks.
class CallScope {
 public:
  CallScope(Connection* connection, Callbacks* callbacks, bool sleeps) : connection_(connection) {
    // Looking at an empty queue costs less than emptying it.
    if (ERR_peek_error() != 0) ERR_clear_error();
    connection->descriptor.error = 0;
    connection->descriptor.sleeps = sleeps;
    connection->descriptor.interrupted = false;
    connection->descriptor.keeps = false;
    connection->callbacks = callbacks;
  }
  ~CallScope() { connection_->callbacks = nullptr; }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  Connection* connection_;
};

using OctetsPtr = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;

// Sets the name of the server that a client wants to reach. It is sent to the server unless it is an address (RFC 6066
// section 3), and the server's certificate must have it if options.check_host says so.
bool SetHost(SSL* ssl, const ConnectionOptions& options) {
  const OctetsPtr address(a2i_IPADDRESS(options.host));
  ERR_clear_error();
  if (address == nullptr && SSL_set_tlsext_host_name(ssl, options.host) != 1) return false;
  if (!options.check_host) return true;
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  if (address == nullptr) return X509_VERIFY_PARAM_set1_host(parameters, options.host, 0) == 1;
  return X509_VERIFY_PARAM_set1_ip(parameters, ASN1_STRING_get0_data(address.get()),
                                   static_cast<size_t>(ASN1_STRING_length(address.get()))) == 1;
}

bool AttachMemory(SSL* ssl, const ConnectionOptions& options) {
  BIO* in = options.incoming->bio.get();
  BIO* out = options.outgoing->bio.get();
  if (BIO_up_ref(in) != 1) return false;
  if (BIO_up_ref(out) != 1) return BIO_free(in), false;
  // SSL_set_bio would take only one reference where both are the same BIO.
  SSL_set0_rbio(ssl, in);
  SSL_set0_wbio(ssl, out);
  return true;
}

bool AttachDescriptor(Connection* connection, int fd) {
  SSL* ssl = connection->ssl.get();
  connection->descriptor.fd = fd;
  connection->kernel_tls = kHasKernelTls && (SSL_get_options(ssl) & SSL_OP_ENABLE_KTLS) != 0;
  const auto create = connection->kernel_tls ? CreateKernelTlsBio : CreateDescriptorBio;
  BIO* bio = create(&connection->descriptor);
  if (bio == nullptr) return false;
  SSL_set_bio(ssl, bio, bio);
  return true;
}

void SetPostHandshakeAuth(SSL* ssl, bool server_side) {
  if (!server_side) {
    SSL_set_post_handshake_auth(ssl, 1);
    return;
  }
  const int mode = SSL_get_verify_mode(ssl);
  if ((mode & SSL_VERIFY_PEER) != 0)
    SSL_set_verify(ssl, mode | SSL_VERIFY_POST_HANDSHAKE, SSL_get_verify_callback(ssl));
}

// A server that verifies clients must mark its sessions with a context of theirs. A client must not: OpenSSL makes the
// session of a pre-shared key without a mark, and a client with one would refuse it.
bool SetSessionContext(SSL* ssl) {
  static constexpr unsigned char kMark[] = "berkeley";
  return SSL_set_session_id_context(ssl, kMark, sizeof(kMark) - 1) == 1;
}

}  // namespace

void Release::operator()(Connection* connection) const { delete connection; }

ConnectionPtr CreateConnection(Context* context, const ConnectionOptions& options, Error* error) {
  ERR_clear_error();
  ConnectionPtr connection(new Connection());
  connection->ssl.reset(SSL_new(context->ctx.get()));
  SSL* ssl = connection->ssl.get();
  if (ssl == nullptr) return FailFromQueue(error), nullptr;
  SSL_set_app_data(ssl, connection.get());
  const bool attached =
      options.incoming != nullptr ? AttachMemory(ssl, options) : AttachDescriptor(connection.get(), options.fd);
  if (!attached) return FailFromQueue(error), nullptr;
  if (options.host != nullptr && !SetHost(ssl, options)) return FailFromQueue(error), nullptr;
  if (options.post_handshake_auth) SetPostHandshakeAuth(ssl, options.server_side);
  if (options.server_side) {
    if (!SetSessionContext(ssl)) return FailFromQueue(error), nullptr;
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return connection;
}

int FailWithoutDescriptor(Error* error) {
  FailFromSystem(error, EBADF);
  error->ssl_error = SSL_ERROR_SYSCALL;
  return kFailed;
}

int DescriptorOf(const Connection* connection) { return connection->descriptor.fd; }

bool InCall(const Connection* connection) { return connection->callbacks != nullptr; }

void Disconnect(Connection* connection) {
  connection->descriptor.fd = -1;
  if (connection->kernel_tls) BIO_set_fd(SSL_get_wbio(connection->ssl.get()), -1, BIO_NOCLOSE);
}

// A connection whose context was replaced keeps some callbacks of the old context.
bool CallsBack(const Connection* connection) {
  return connection->context_changed || DataOf(SSL_get_SSL_CTX(connection->ssl.get()))->events != 0;
}

int Handshake(Connection* connection, Callbacks* callbacks, bool sleeps, Error* error) {
  const CallScope scope(connection, callbacks, sleeps);
  const int result = SSL_do_handshake(connection->ssl.get());
  return result == 1 ? 0 : FailCall(connection, result, error);
}

namespace {

// The most that one record holds.
constexpr size_t kRecordSize = SSL3_RT_MAX_PLAIN_LENGTH;

// Returns kWantWrite or a failure for a write of which the BIO keeps a part.
int FailKept(const Connection* connection, Error* error) {
  if (connection->descriptor.error == 0) return kWantWrite;
  FailFromSystem(error, connection->descriptor.error);
  error->ssl_error = SSL_ERROR_SYSCALL;
  return kFailed;
}

// Fails a repeated write that has fewer bytes than were sent of it already.
int FailShortened(Error* error) {
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  FailFromQueue(error);
  error->ssl_error = SSL_ERROR_SSL;
  return kFailed;
}

// Writes one record after the other: OpenSSL begins one only after the kernel has taken the one before, so that the BIO
// keeps a part of one record at most. `written` counts what is done, for the write's repetition.
int64_t WriteRecords(Connection* connection, View bytes, Error* error) {
  SSL* ssl = connection->ssl.get();
  size_t& written = connection->written;
  if (bytes.size < written) return FailShortened(error);
  if (!SendKept(&connection->descriptor)) return FailKept(connection, error);
  // An answer to the peer may be half-written. OpenSSL would take the bytes for its rest.
  bool done = SSL_in_init(ssl) == 0 || SSL_do_handshake(ssl) == 1;
  bool begun = written > 0;  // an empty write is one call of OpenSSL, too
  while (done && (!begun || written < bytes.size)) {
    begun = true;
    size_t count = 0;
    done = SSL_write_ex(ssl, bytes.data + written, std::min(bytes.size - written, kRecordSize), &count) == 1;
    written += count;
    if (!connection->descriptor.kept.empty()) break;
  }
  const int result = done ? 0 : FailCall(connection, 0, error);
  if (result == kFailed || result == kRaggedEof) return result;
  // Whatever OpenSSL waits for, the peer may wait for what the BIO keeps.
  if (!connection->descriptor.kept.empty()) return FailKept(connection, error);
  return done ? static_cast<int64_t>(std::exchange(written, 0)) : result;
}

}  // namespace

int64_t Read(Connection* connection, uint8_t* bytes, size_t size, Callbacks* callbacks, bool sleeps, Error* error) {
  const CallScope scope(connection, callbacks, sleeps);
  // An answer to the peer goes behind the record of a write that will be repeated. Without such a write, nobody but the
  // read would send the answer, and so the read waits for room.
  connection->descriptor.keeps = connection->write_waits;
  SSL* ssl = connection->ssl.get();
  size_t count = 0;
  if (SSL_read_ex(ssl, bytes, size, &count) == 1) return static_cast<int64_t>(count);
  // The peer's close_notify is the end of the stream, unless ours was sent before: then reading on is an error.
  const bool closed = SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN && SSL_get_shutdown(ssl) == SSL_RECEIVED_SHUTDOWN;
  return closed ? 0 : FailCall(connection, 0, error);
}

int64_t Write(Connection* connection, View bytes, Callbacks* callbacks, bool sleeps, Error* error) {
  const CallScope scope(connection, callbacks, sleeps);
  connection->descriptor.keeps = true;
  const int64_t result = WriteRecords(connection, bytes, error);
  connection->write_waits = result == kWantWrite;
  return result;
}

int Shutdown(Connection* connection, bool waits, Callbacks* callbacks, bool sleeps, Error* error) {
  const CallScope scope(connection, callbacks, sleeps);
  SSL* ssl = connection->ssl.get();
  // The first call sends our close_notify. The second one reads the peer's, and fails if data comes before it.
  for (int attempt = 0; attempt < (waits ? 2 : 1); ++attempt) {
    // Bytes behind the peer's close_notify are plain text, so OpenSSL must not read ahead.
    if (connection->shutdown_sent) SSL_set_read_ahead(ssl, 0);
    const int result = SSL_shutdown(ssl);
    if (result > 0) return 0;
    if (result < 0) return FailCall(connection, result, error);
    connection->shutdown_sent = true;
  }
  return 0;
}

int64_t SendFile(Connection* connection, int file, int64_t offset, size_t size, Callbacks* callbacks, bool sleeps,
                 Error* error) {
  const CallScope scope(connection, callbacks, sleeps);
  // OpenSSL calls sendfile(2) itself, and not through the BIO.
  const system_calls::NonblockingScope nonblocking(connection->descriptor.fd);
  const ossl_ssize_t count = SSL_sendfile(connection->ssl.get(), file, offset, size, 0);
  return count >= 0 ? count : FailCall(connection, static_cast<int>(count), error);
}

int Pending(Connection* connection) { return SSL_pending(connection->ssl.get()); }

bool KernelTlsSends(Connection* connection) {
  return connection->kernel_tls && BIO_get_ktls_send(SSL_get_wbio(connection->ssl.get())) != 0;
}

bool KernelTlsReceives(Connection* connection) {
  return connection->kernel_tls && BIO_get_ktls_recv(SSL_get_rbio(connection->ssl.get())) != 0;
}

void SetContext(Connection* connection, Context* context) {
  connection->context_changed = true;
  SSL_set_SSL_CTX(connection->ssl.get(), context->ctx.get());
  // OpenSSL copies this callback from the context that a connection begins with, and keeps it.
  FollowMessages(connection->ssl.get(), context);
}

bool HandshakeDone(Connection* connection) { return SSL_is_init_finished(connection->ssl.get()) != 0; }

bool SessionReused(Connection* connection) { return SSL_session_reused(connection->ssl.get()) != 0; }

bool VerifiesPeer(Connection* connection) {
  return (SSL_CTX_get_verify_mode(SSL_get_SSL_CTX(connection->ssl.get())) & SSL_VERIFY_PEER) != 0;
}

int VerifyClientPostHandshake(Connection* connection, Error* error) {
  ERR_clear_error();
  return SSL_verify_client_post_handshake(connection->ssl.get()) == 1 ? 0 : FailFromQueue(error);
}

int UpdateKeys(Connection* connection, bool peer_too, Error* error) {
  ERR_clear_error();
  const int kind = peer_too ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
  return SSL_key_update(connection->ssl.get(), kind) == 1 ? 0 : FailFromQueue(error);
}

void Unread(Connection* connection, const uint8_t* bytes, size_t size) {
  Descriptor* descriptor = &connection->descriptor;
  if (descriptor->fd >= 0) descriptor->unread.insert(descriptor->unread.end(), bytes, bytes + size);
}

}  // namespace berkeley::tls
