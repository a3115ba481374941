// Questions to a connection: what it has agreed on with its peer.
#include "internal.h"

#include <openssl/comp.h>

#include <iterator>

namespace berkeley::tls {

namespace {

std::string TextOrNone(const char* text) { return text == nullptr ? std::string() : std::string(text); }

CipherSummary Summarize(const SSL_CIPHER* cipher) {
  return {TextOrNone(SSL_CIPHER_get_name(cipher)), TextOrNone(SSL_CIPHER_get_version(cipher)),
          SSL_CIPHER_get_bits(cipher, nullptr)};
}

}  // namespace

std::string Version(Connection* connection) {
  return HandshakeDone(connection) ? TextOrNone(SSL_get_version(connection->ssl.get())) : std::string();
}

std::string Compression(Connection* connection) {
  const COMP_METHOD* method = SSL_get_current_compression(connection->ssl.get());
  return method == nullptr ? std::string() : TextOrNone(SSL_COMP_get_name(method));
}

std::string SelectedAlpn(Connection* connection) {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(connection->ssl.get(), &name, &size);
  return name == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
}

bool CurrentCipher(Connection* connection, CipherSummary* cipher) {
  const SSL_CIPHER* current = SSL_get_current_cipher(connection->ssl.get());
  if (current == nullptr) return false;
  *cipher = Summarize(current);
  return true;
}

bool SharedCiphers(Connection* connection, std::vector<CipherSummary>* ciphers) {
  const STACK_OF(SSL_CIPHER)* ours = SSL_get_ciphers(connection->ssl.get());
  STACK_OF(SSL_CIPHER)* theirs = SSL_get_client_ciphers(connection->ssl.get());
  if (ours == nullptr || theirs == nullptr) return false;
  for (int i = 0; i < sk_SSL_CIPHER_num(ours); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ours, i);
    if (sk_SSL_CIPHER_find(theirs, const_cast<SSL_CIPHER*>(cipher)) >= 0) ciphers->push_back(Summarize(cipher));
  }
  return true;
}

Bytes PeerCertificate(Connection* connection) {
  X509* certificate = SSL_get0_peer_certificate(connection->ssl.get());
  return certificate == nullptr ? Bytes() : ToDer(certificate);
}

std::vector<Bytes> PeerChain(Connection* connection, Chain which) {
  SSL* ssl = connection->ssl.get();
  std::vector<Bytes> chain;
  const STACK_OF(X509)* list = which == Chain::kVerified ? SSL_get0_verified_chain(ssl) : SSL_get_peer_cert_chain(ssl);
  // On a server, OpenSSL keeps the client's own certificate apart from the others that the client has sent.
  const bool apart = which == Chain::kUnverified && SSL_is_server(ssl) != 0;
  if (apart && SSL_get0_peer_certificate(ssl) != nullptr) chain.push_back(PeerCertificate(connection));
  for (int i = 0; i < sk_X509_num(list); ++i) chain.push_back(ToDer(sk_X509_value(list, i)));
  return chain;
}

Bytes OcspResponse(Connection* connection) {
  const unsigned char* bytes = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(connection->ssl.get(), &bytes);
  return bytes == nullptr || size <= 0 ? Bytes() : Bytes(bytes, bytes + size);
}

// "tls-unique" is the first Finished message of the latest handshake: the client's, or the server's if a session was
// resumed.
Bytes TlsUnique(Connection* connection) {
  SSL* ssl = connection->ssl.get();
  uint8_t bytes[EVP_MAX_MD_SIZE];
  const bool ours = (SSL_session_reused(ssl) != 0) != (SSL_is_server(ssl) == 0);
  const size_t size =
      ours ? SSL_get_finished(ssl, bytes, sizeof(bytes)) : SSL_get_peer_finished(ssl, bytes, sizeof(bytes));
  return Bytes(bytes, bytes + size);
}

// "tls-server-end-point" is a hash of the server's certificate (RFC 5929 section 4.1), by the hash function of the
// certificate's signature, or SHA-256 instead of MD5 and SHA-1. It does not exist where the signature has no such
// function, or several.
int TlsServerEndPoint(Connection* connection, Bytes* binding, Error* error) {
  ERR_clear_error();
  SSL* ssl = connection->ssl.get();
  X509* certificate = SSL_is_server(ssl) != 0 ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return 0;
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 || digest == NID_undef) return 0;
  if (digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1) digest = NID_sha256;
  uint8_t bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const EVP_MD* method = EVP_get_digestbynid(digest);
  if (method == nullptr || X509_digest(certificate, method, bytes, &size) != 1) return FailFromQueue(error);
  binding->assign(bytes, bytes + size);
  return 0;
}

int ExportKeyingMaterial(Connection* connection, uint8_t* out, size_t size, const std::string& label, View context,
                         bool with_context, Error* error) {
  ERR_clear_error();
  const int result = SSL_export_keying_material(connection->ssl.get(), out, size, label.data(), label.size(),
                                                context.data, context.size, with_context ? 1 : 0);
  return result == 1 ? 0 : FailFromQueue(error);
}

}  // namespace berkeley::tls
