// OpenSSL's callbacks hand each event on to the Callbacks of the running call.
//
// OpenSSL calls back on the thread of the call on a connection, and while that call runs, the connection holds its
// Callbacks. A callback outside of such a call (while a connection is being freed, say) finds none and does nothing.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "internal.h"

namespace berkeley::tls {

namespace {

int OnServerName(SSL* ssl, int* alert, void*) {
  Connection* connection = ConnectionOf(ssl);
  if (connection == nullptr || connection->callbacks == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const int answer = connection->callbacks->ServerName(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  if (answer == 0) return SSL_TLSEXT_ERR_OK;
  *alert = answer == kAlertCloseNotify ? SSL_AD_CLOSE_NOTIFY : answer;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

unsigned int OnPskClient(SSL* ssl, const char* hint, char* identity, unsigned int most_identity, unsigned char* key,
                         unsigned int most_key) {
  Connection* connection = ConnectionOf(ssl);
  if (connection == nullptr || connection->callbacks == nullptr) return 0;
  std::string name;
  Bytes bytes;
  if (!connection->callbacks->PskClient(hint, most_identity, most_key, &name, &bytes)) return 0;
  if (name.size() >= most_identity || bytes.size() > most_key) return 0;
  memcpy(identity, name.c_str(), name.size() + 1);
  if (!bytes.empty()) memcpy(key, bytes.data(), bytes.size());
  return static_cast<unsigned int>(bytes.size());
}

unsigned int OnPskServer(SSL* ssl, const char* identity, unsigned char* key, unsigned int most_key) {
  Connection* connection = ConnectionOf(ssl);
  if (connection == nullptr || connection->callbacks == nullptr) return 0;
  Bytes bytes;
  if (!connection->callbacks->PskServer(identity, most_key, &bytes) || bytes.size() > most_key) return 0;
  if (!bytes.empty()) memcpy(key, bytes.data(), bytes.size());
  return static_cast<unsigned int>(bytes.size());
}

// Reads the type of a message from its first bytes: RFC 8446 section 5.1 (record header), 6 (alert), 4 (handshake).
void OnMessage(int written, int version, int content_type, const void* data, size_t size, SSL* ssl, void*) {
  Connection* connection = ConnectionOf(ssl);
  if (connection == nullptr || connection->callbacks == nullptr) return;
  const auto* bytes = static_cast<const uint8_t*>(data);
  int message_type = -1;
  if (content_type == SSL3_RT_CHANGE_CIPHER_SPEC) {
    message_type = SSL3_MT_CHANGE_CIPHER_SPEC;
  } else if (content_type == SSL3_RT_ALERT && size >= 2) {
    message_type = bytes[1];
  } else if (content_type == SSL3_RT_HEADER && size >= 3) {
    version = bytes[1] << 8 | bytes[2];
    message_type = bytes[0];
  } else if ((content_type == SSL3_RT_HANDSHAKE || content_type == SSL3_RT_INNER_CONTENT_TYPE) && size >= 1) {
    message_type = bytes[0];
  }
  connection->callbacks->Message(written != 0, version, content_type, message_type, {bytes, size});
}

void OnKeyLog(const SSL* ssl, const char* line) {
  const ContextData* data = DataOf(SSL_get_SSL_CTX(ssl));
  if (data != nullptr && data->key_log != nullptr) {
    // Each line is written at once, so that several contexts can append to one file.
    const std::string text = std::string(line) + '\n';
    BIO_write(data->key_log.get(), text.data(), static_cast<int>(text.size()));
    (void)BIO_flush(data->key_log.get());
  }
  Connection* connection = ConnectionOf(ssl);
  if (data == nullptr || !data->Has(Event::kKeyLog) || connection == nullptr || connection->callbacks == nullptr)
    return;
  connection->callbacks->KeyLog(line);
}

int OnOcsp(SSL* ssl, void*) {
  if (SSL_is_server(ssl) == 0) return 1;  // a client reads the response after the handshake
  Connection* connection = ConnectionOf(ssl);
  if (connection == nullptr || connection->callbacks == nullptr) return SSL_TLSEXT_ERR_NOACK;
  Bytes response;
  connection->callbacks->OcspResponse(&response);
  if (response.empty()) return SSL_TLSEXT_ERR_NOACK;
  void* copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

void UpdateKeyLog(Context* context) {
  const bool wanted = context->data->key_log != nullptr || context->data->Has(Event::kKeyLog);
  SSL_CTX_set_keylog_callback(context->ctx.get(), wanted ? OnKeyLog : nullptr);
}

}  // namespace

int SelectAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*) {
  const ContextData* data = DataOf(SSL_get_SSL_CTX(ssl));
  if (data == nullptr || data->alpn.empty()) return SSL_TLSEXT_ERR_NOACK;
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_length, data->alpn.data(),
                                           static_cast<unsigned int>(data->alpn.size()), in, in_length);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void FollowMessages(SSL* ssl, const Context* context) {
  SSL_set_msg_callback(ssl, context->data->Has(Event::kMessage) ? OnMessage : nullptr);
}

void SetEvent(Context* context, Event event, bool enabled) {
  SSL_CTX* ctx = context->ctx.get();
  const unsigned int bit = 1U << static_cast<unsigned int>(event);
  context->data->events = enabled ? context->data->events | bit : context->data->events & ~bit;
  switch (event) {
    case Event::kServerName:
      SSL_CTX_set_tlsext_servername_callback(ctx, (enabled ? OnServerName : nullptr));
      break;
    case Event::kPskClient:
      SSL_CTX_set_psk_client_callback(ctx, enabled ? OnPskClient : nullptr);
      break;
    case Event::kPskServer:
      SSL_CTX_set_psk_server_callback(ctx, enabled ? OnPskServer : nullptr);
      break;
    case Event::kMessage:
      SSL_CTX_set_msg_callback(ctx, enabled ? OnMessage : nullptr);
      break;
    case Event::kKeyLog:
      UpdateKeyLog(context);
      break;
    case Event::kOcspResponse:
      SSL_CTX_set_tlsext_status_cb(ctx, (enabled ? OnOcsp : nullptr));
      break;
  }
}

int SetKeyLogFile(Context* context, const char* path, Error* error) {
  ERR_clear_error();
  context->data->key_log.reset();
  if (path != nullptr) {
    errno = 0;
    context->data->key_log.reset(BIO_new_file(path, "a"));
    // The C library's, as in CPython; the queue has the number of Windows' own call there.
    const int system_error = errno;
    if (context->data->key_log == nullptr) {
      UpdateKeyLog(context);
      return ERR_SYSTEM_ERROR(ERR_peek_error()) ? FailFromSystem(error, system_error) : FailFromQueue(error);
    }
    if (BIO_tell(context->data->key_log.get()) == 0) {
      BIO_puts(context->data->key_log.get(), "# TLS secrets log file, generated by OpenSSL\n");
      (void)BIO_flush(context->data->key_log.get());
    }
  }
  UpdateKeyLog(context);
  return 0;
}

}  // namespace berkeley::tls
